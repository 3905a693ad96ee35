"""Running sums and products."""

import torch


def cumulative_sum(x, *, axis, reverse):
    if reverse:
        return torch.cumsum(x.flip(axis), axis, dtype=x.dtype).flip(axis)
    return torch.cumsum(x, axis, dtype=x.dtype)


def cumulative_prod(x, *, axis, reverse):
    if reverse:
        return torch.cumprod(x.flip(axis), axis, dtype=x.dtype).flip(axis)
    return torch.cumprod(x, axis, dtype=x.dtype)


LOWER = {
    "cumulative_sum": cumulative_sum,
    "cumulative_prod": cumulative_prod,
}
