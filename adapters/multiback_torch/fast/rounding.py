"""Rounding that is one kernel in PyTorch."""

from multiback.backends.protocol import Fast

FAST = {
    "ceil": Fast("torch.ceil({x})"),
    "trunc": Fast("torch.trunc({x})"),
}
