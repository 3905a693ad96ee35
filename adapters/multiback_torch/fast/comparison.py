"""Comparisons that are one kernel in PyTorch."""

from multiback.backends.protocol import Fast

FAST = {
    "not_equal": Fast("{x1:array} != {x2:array}"),
    "greater": Fast("{x1:array} > {x2:array}"),
    "greater_equal": Fast("{x1:array} >= {x2:array}"),
    "isnan": Fast("torch.isnan({x})"),
    "all": Fast("torch.all({x}, {axis}, {keepdims})"),
}
