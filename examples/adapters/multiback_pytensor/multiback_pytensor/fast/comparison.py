"""Comparisons with an op of their own."""

from multiback.backends import Fast

FAST = {
    "not_equal": Fast("pt.neq({x1:array}, {x2:array})"),
    "greater": Fast("pt.gt({x1:array}, {x2:array})"),
    "greater_equal": Fast("pt.ge({x1:array}, {x2:array})"),
    "all": Fast("pt.all({x:array}, axis={axis}, keepdims={keepdims})"),
}
