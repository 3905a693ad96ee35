"""Arithmetic; a zero divisor among integers gives 0, and nothing flows through a floor."""

import pytensor.tensor as pt
from pytensor.gradient import disconnected_grad


def floor_divide(x1, x2):
    if x1.dtype.startswith("float"):
        return disconnected_grad(pt.floor_div(x1, x2))
    zero = pt.eq(x2, 0)
    return pt.switch(zero, pt.zeros_like(x2), pt.floor_div(x1, pt.switch(zero, pt.ones_like(x2), x2)))


def remainder(x1, x2):
    if x1.dtype.startswith("float"):
        return pt.mod(x1, x2)
    zero = pt.eq(x2, 0)
    return pt.switch(zero, pt.zeros_like(x2), pt.mod(x1, pt.switch(zero, pt.ones_like(x2), x2)))


LOWER = {
    "add": "{x1:array} + {x2:array}",
    "subtract": "{x1:array} - {x2:array}",
    "multiply": "{x1:array} * {x2:array}",
    "divide": "pt.true_div({x1:array}, {x2:array})",
    "floor_divide": floor_divide,
    "remainder": remainder,
    "negative": "-{x:array}",
    "abs": "pt.abs({x:array})",
    "sign": "pt.sign({x:array})",
}
