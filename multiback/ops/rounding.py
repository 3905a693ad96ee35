"""Rounding to integers, element by element; integers stay as they are, and no gradient flows."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from multiback.graph.ir import Spec
from multiback.ops._cases import EXACT, HALVES, SIGNED, UNSIGNED, Bound, Case, Sample, every_half, exact
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import like
from multiback.ops.arithmetic import floor_divide, negative, remainder
from multiback.ops.comparison import equal, greater, less, logical_and, logical_or
from multiback.ops.complex_numbers import complex, imag, real
from multiback.ops.selection import where

_INF, _NAN = float("inf"), float("nan")
_ROUNDINGS = [
    Case((Sample(("batch", 3), -5, 5),), label="batch", bound=EXACT),
    *every_half(-_INF, _INF, c=0),
    *exact(
        ["float32"],
        Sample(values=[-0.5, -1.5, 2.0, 0.49999997, -0.0, _INF, -_INF, _NAN, 2.0**23 + 1, 8388607.5, 3e38]),
        label="special",
    ),
    *exact(["float32"], Sample(values=[0.5, 1.5, 2.5, 3.5, -0.5, -2.5]), label="divergence-19"),
    *exact(SIGNED, Sample(values=[3, -7, 0]), label="integers"),
    *exact(UNSIGNED, Sample(values=[3, 200, 0]), label="unsigned"),
]


@primitive(accepts="iuf", cases=_ROUNDINGS)
def floor(x: Array) -> Spec:
    """The largest integer not above: y = floor(x).

    Arguments:
        x: Numbers.

    Returns:
        The shape and dtype of `x`.

    Source: array API standard 2024.12, floor.

    Example:
        >>> ops.floor([1.5, -1.5]).tolist()
        [1.0, -2.0]
    """
    return like(x)


floor.meaning(np.floor)
floor.vjp(lambda g, y, x: None)


@composite(accepts="iuf", cases=_ROUNDINGS)
def ceil(x: Array) -> Any:
    """The smallest integer not below: y = -floor(-x).

    Arguments:
        x: Numbers.

    Returns:
        The shape and dtype of `x`.

    Source: array API standard 2024.12, ceil.

    Example:
        >>> ops.ceil([1.5, -1.5]).tolist()
        [2.0, -1.0]
    """
    return negative(floor(negative(x))) if x.dtype.is_float else floor(x)


@composite(accepts="iuf", cases=_ROUNDINGS)
def trunc(x: Array) -> Any:
    """The integer part: y = floor(x) where x >= 0, else ceil(x).

    Arguments:
        x: Numbers.

    Returns:
        The shape and dtype of `x`.

    Source: array API standard 2024.12, trunc.

    Example:
        >>> ops.trunc([1.5, -1.5]).tolist()
        [1.0, -1.0]
    """
    return where(less(x, 0), ceil(x), floor(x)) if x.dtype.is_float else floor(x)


@primitive(name="round_half_even", accepts="iuf", cases=_ROUNDINGS)
def _round_half_even(x: Array) -> Spec:
    """The nearest integer; of two equally near ones the even."""
    return like(x)


_round_half_even.meaning(np.rint)
_round_half_even.vjp(lambda g, y, x: None)


@composite(
    accepts="iufc",
    cases=[
        *_ROUNDINGS,
        Case((Sample(("batch", 3), -5, 5),), {"decimals": 2}, "decimals", bound=Bound(4)),
        # The products with 10 are exact, so that all round the same way.
        Case((Sample(values=[0.25, 1.75, -2.5, 3.125]),), {"decimals": 1}, "decimals", HALVES, Bound(2.01), False),
        Case(
            (Sample(values=[149.0, -151.0, 1e4]),), {"decimals": -2}, "hundreds", bound=Bound(2), differentiable=False
        ),
        *exact(SIGNED[:1] + SIGNED[2:], Sample(values=[1234, -1250, 1250, 49]), label="hundreds", decimals=-2),
        *exact(["int32", "uint8"], Sample(values=[3, 7]), label="integers with decimals", decimals=2),
    ],
)
def round(x: Array, decimals: int = 0) -> Any:
    """The nearest number with so many decimals, halves to even: y = rint(x * 10**decimals) / 10**decimals.

    Arguments:
        x: Numbers; of complex ones both parts are rounded.
        decimals: How many; negative rounds to tens, hundreds...

    Returns:
        The shape and dtype of `x`.

    Source: array API standard 2024.12, round; NumPy 2 for `decimals`.

    Example:
        >>> ops.round([0.5, 1.5, 2.4]).tolist()
        [0.0, 2.0, 2.0]
    """
    if x.dtype.is_complex:
        return complex(round(real(x), decimals), round(imag(x), decimals))
    if decimals == 0 or (decimals > 0 and not x.dtype.is_float):
        return _round_half_even(x)
    if not x.dtype.is_float:
        return _round_integer(x, 10**-decimals)
    scale = 10.0 ** builtins.abs(decimals)
    return _round_half_even(x * scale) / scale if decimals > 0 else _round_half_even(x / scale) * scale


def _round_integer(x: Any, unit: int) -> Any:
    """To multiples of `unit`, halves to the even multiple, in integer arithmetic."""
    quotient, rest = floor_divide(x, unit), remainder(x, unit)
    odd = equal(remainder(quotient, 2), 1)
    up = logical_or(greater(rest * 2, unit), logical_and(equal(rest * 2, unit), odd))
    return where(up, quotient + 1, quotient) * unit
