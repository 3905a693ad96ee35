"""Powers, exponentials and logarithms that are one kernel in PyTorch."""

from multiback.backends.protocol import Fast

FAST = {
    "square": Fast("torch.square({x})"),
    "rsqrt": Fast("torch.rsqrt({x})"),
    "reciprocal": Fast("torch.reciprocal({x})"),
    "exp2": Fast("torch.exp2({x})"),
    "log2": Fast("torch.log2({x})"),
    "log10": Fast("torch.log10({x})"),
}
