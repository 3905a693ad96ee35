"""Comparisons that are one kernel in PyTorch."""

from multiback.backends.protocol import Fast

FAST = {
    "not_equal": Fast("{x1} != {x2}"),
    "greater": Fast("{x1} > {x2}"),
    "greater_equal": Fast("{x1} >= {x2}"),
    "isnan": Fast("torch.isnan({x})"),
    "all": Fast("torch.all({x}, {axis}, {keepdims})"),
}
