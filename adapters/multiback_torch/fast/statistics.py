"""Means, variances and logarithmic sums that are one call in PyTorch."""

import torch

from multiback.backends.protocol import Fast


def var(x, *, axis, keepdims):
    if x.numel() == 0:  # torch.var warns; the mean of nothing is NaN too
        return torch.mean(x, axis, keepdims)
    return torch.var(x, axis, correction=0, keepdim=keepdims)


def std(x, *, axis, keepdims):
    if x.numel() == 0:
        return torch.mean(x, axis, keepdims)
    return torch.std(x, axis, correction=0, keepdim=keepdims)


FAST = {
    "mean": Fast("torch.mean({x}, {axis}, {keepdims})"),
    "var": Fast(var),
    "std": Fast(std),
    "logsumexp": Fast("torch.logsumexp({x}, {axis}, {keepdims})"),
}
