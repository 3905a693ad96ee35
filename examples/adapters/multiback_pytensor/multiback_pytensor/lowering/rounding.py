"""Rounding to integers."""

import pytensor.tensor as pt
from pytensor.gradient import disconnected_grad


def floor(x):
    return disconnected_grad(pt.floor(x)) if x.dtype.startswith("float") else x


def round_half_even(x):
    return disconnected_grad(pt.round(x, mode="half_to_even")) if x.dtype.startswith("float") else x


LOWER = {"floor": floor, "round_half_even": round_half_even}
