"""Arithmetic; a zero divisor among integers gives 0, where PyTorch would raise."""

import torch


def floor_divide(x1, x2):
    if x1.is_floating_point():
        return torch.div(x1.detach(), x2.detach(), rounding_mode="floor")
    zero = x2 == 0
    return torch.floor_divide(x1, x2.masked_fill(zero, 1)).masked_fill(zero, 0)


def remainder(x1, x2):
    if x1.is_floating_point():
        return torch.remainder(x1, x2)
    zero = x2 == 0
    return torch.remainder(x1, x2.masked_fill(zero, 1)).masked_fill(zero, 0)


def sign(x):
    if not x.is_floating_point():
        return torch.sign(x)
    return torch.where(x != x, x.detach(), torch.sign(x))


LOWER = {
    "add": "{x1} + {x2}",
    "subtract": "{x1} - {x2}",
    "multiply": "{x1} * {x2}",
    "divide": "{x1:array} / {x2}",
    "floor_divide": floor_divide,
    "remainder": remainder,
    "negative": "-{x:array}",
    "abs": "torch.abs({x:array})",
    "sign": sign,
}
