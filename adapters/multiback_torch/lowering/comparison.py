"""Comparisons."""

LOWER = {
    "equal": "{x1} == {x2}",
    "less": "{x1} < {x2}",
    "less_equal": "{x1} <= {x2}",
}
