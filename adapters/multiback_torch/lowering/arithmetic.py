"""Arithmetic; a zero divisor among integers gives 0, where PyTorch would raise.

Numbers are given as 0-d tensors: PyTorch makes one of a Python number at every call, at the cost of another small op.
"""

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
        return torch.sgn(x)
    return torch.where(x != x, x.detach(), torch.sign(x))


LOWER = {
    "add": "{x1:array} + {x2:array}",
    "subtract": "{x1:array} - {x2:array}",
    "multiply": "{x1:array} * {x2:array}",
    "divide": "{x1:array} / {x2:array}",
    "floor_divide": floor_divide,
    "remainder": remainder,
    "negative": "-{x:array}",
    "abs": "torch.abs({x:array})",
    "sign": sign,
}
