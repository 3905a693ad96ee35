"""Comparisons."""

LOWER = {
    "equal": "pt.eq({x1:array}, {x2:array})",
    "less": "pt.lt({x1:array}, {x2:array})",
    "less_equal": "pt.le({x1:array}, {x2:array})",
}
