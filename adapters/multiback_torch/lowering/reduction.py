"""Sums, products, extrema and tests along axes."""

import torch


def prod(x, *, axis, keepdims, dtype):
    for i in reversed(axis):
        x = torch.prod(x, i, keepdims, dtype=x.dtype)
    return x


LOWER = {
    "sum": "torch.sum({x:array}, {axis}, {keepdims}, dtype={output_dtype})",
    "prod": prod,
    "amax": "torch.amax({x:array}, {axis}, {keepdims})",
    "amin": "torch.amin({x:array}, {axis}, {keepdims})",
    "any": "torch.any({x:array}, {axis}, {keepdims})",
}
