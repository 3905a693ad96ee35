"""Means, variances and logarithmic sums that are one call in PyTorch."""

from multiback.backends.protocol import Fast

FAST = {
    "mean": Fast("torch.mean({x}, {axis}, {keepdims})"),
    "var": Fast("torch.var({x}, {axis}, correction=0, keepdim={keepdims})"),
    "std": Fast("torch.std({x}, {axis}, correction=0, keepdim={keepdims})"),
    "logsumexp": Fast("torch.logsumexp({x}, {axis}, {keepdims})"),
}
