"""Trigonometric functions that PyTensor knows."""

from multiback.backends import Fast

FAST = {
    "tan": Fast("pt.tan({x:array})"),
    "arctan": Fast("pt.arctan({x:array})"),
    "arctanh": Fast("pt.arctanh({x:array})"),
}
