"""Comparisons."""

LOWER = {
    "equal": "{x1:array} == {x2:array}",
    "less": "{x1:array} < {x2:array}",
    "less_equal": "{x1:array} <= {x2:array}",
}
