"""Trigonometric and hyperbolic functions that are one kernel in PyTorch."""

from multiback.backends.protocol import Fast

FAST = {
    "tan": Fast("torch.tan({x})"),
    "arcsin": Fast("torch.asin({x})"),
    "arccos": Fast("torch.acos({x})"),
    "arctan": Fast("torch.atan({x})"),
    "arccosh": Fast("torch.acosh({x})"),
    "arctanh": Fast("torch.atanh({x})"),
}
