"""The complement and the inverse of the error function."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback.ops._cases import Bound, Case, Sample
from multiback.ops._define import Array, composite
from multiback.ops._precision import widened
from multiback.ops._rules import promoting
from multiback.ops.arithmetic import abs, divide
from multiback.ops.casting import cast
from multiback.ops.comparison import equal, greater_equal, less
from multiback.ops.exponential import erf, exp, log, sqrt
from multiback.ops.rounding import floor
from multiback.ops.selection import minimum, where

_INF, _NAN = float("inf"), float("nan")

# Cody 1969: erfc(y) exp(y^2) between 1/2 and 4, and its distance from 1 / (sqrt(pi) y) beyond 4.
_MIDDLE_ABOVE = (
    2.15311535474403846343e-8,
    5.64188496988670089180e-1,
    8.88314979438837594118e0,
    6.61191906371416294775e1,
    2.98635138197400131132e2,
    8.81952221241769090411e2,
    1.71204761263407058314e3,
    2.05107837782607146532e3,
    1.23033935479799725272e3,
)
_MIDDLE_BELOW = (
    1.0,
    1.57449261107098347253e1,
    1.17693950891312499305e2,
    5.37181101862009857509e2,
    1.62138957456669018874e3,
    3.29079923573345962678e3,
    4.36261909014324715820e3,
    3.43936767414372163696e3,
    1.23033935480374942043e3,
)
_TAIL_ABOVE = (
    1.63153871373020978498e-2,
    3.05326634961232344035e-1,
    3.60344899949804439429e-1,
    1.25781726111229246204e-1,
    1.60837851487422766278e-2,
    6.58749161529837803157e-4,
)
_TAIL_BELOW = (
    1.0,
    2.56852019228982242072e0,
    1.87295284992346725209e0,
    5.27905102951428412248e-1,
    6.05183413124413191178e-2,
    2.33520497626869185443e-3,
)


def _polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Highest power first."""
    y: Any = coefficients[0]
    for c in coefficients[1:]:
        y = x * y + c
    return y


def _erfc_scale(x: Any) -> Any:
    """The result, and beside it what one rounding of x^2 in the exponent does to it."""
    x = np.asarray(x, np.float64)
    y = np.vectorize(math.erfc, otypes=[np.float64])(x)
    return y * (1.0 + np.maximum(x, 0.0)) + (np.abs(x) < 1.0)


@composite(
    canonical=promoting("x", to_float=True),
    cases=[
        Case((Sample(("batch", 5), -3, 3),), label="batch", bound=Bound(16, _erfc_scale)),
        Case((Sample((40,), 0.4, 9),), label="tail", bound=Bound(16, _erfc_scale), differentiable=False),
        Case((Sample((40,), -6, 25),), label="float64", dtypes=("float64",), bound=Bound(16, _erfc_scale)),
        Case(
            (Sample(values=[0.0, -0.0, _INF, -_INF, _NAN, 30.0, -30.0]),),
            label="special",
            bound=Bound(2, _erfc_scale),
            differentiable=False,
        ),
    ],
)
def erfc(x: Array) -> Any:
    """The complementary error function: y = 1 - erf(x), accurate where erf(x) is near 1.

    Arguments:
        x: Numbers; integers become float32.

    Returns:
        The shape of x.

    Source: Cody 1969, Rational Chebyshev approximations for the error function.

    Example:
        >>> round(ops.erfc([0.5]).item(), 4)
        0.4795
    """
    wide = widened(x)
    size = minimum(abs(wide), 40.0)
    middle = where(less(size, 4.0), size, 1.0)
    inner = divide(_polynomial(middle, _MIDDLE_ABOVE), _polynomial(middle, _MIDDLE_BELOW))
    outer = where(less(size, 4.0), 4.0, size)
    square = divide(1.0, outer * outer)
    tail = square * divide(_polynomial(square, _TAIL_ABOVE), _polynomial(square, _TAIL_BELOW))
    tail = divide(1.0 / math.sqrt(math.pi) - tail, outer)
    # exp(-x^2) of a part whose square is exact and of the small rest.
    coarse = divide(floor(size * 16.0), 16.0)
    fall = exp(-(coarse * coarse)) * exp(-(size - coarse) * (size + coarse))
    far = where(less(size, 4.0), inner, tail) * fall
    beyond = where(less(wide, 0.0), 2.0 - far, far)
    near = 1.0 - erf(wide)
    y = where(less(size, 0.5), near, where(less(wide, 0.0), beyond, far))
    # NaN compares as not less, and would take the far branch with a clipped magnitude.
    y = where(greater_equal(size, 0.0), y, wide)
    return cast(y, x.dtype)


# Giles 2012: erfinv(x) / x in w = -log(1 - x^2), below and from 5.
_CENTRE = (
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    0.00021858087,
    -0.00125372503,
    -0.00417768164,
    0.246640727,
    1.50140941,
)
_ENDS = (
    -0.000200214257,
    0.000100950558,
    0.00134934322,
    -0.00367342844,
    0.00573950773,
    -0.0076224613,
    0.00943887047,
    1.00167406,
    2.83297682,
)


def _inverse_scale(x: Any) -> Any:
    """The result, and how much one rounding of x moves it near the ends."""
    x = np.abs(np.asarray(x, np.float64))
    w = -np.log(np.maximum((1.0 - x) * (1.0 + x), 1e-300))
    return np.sqrt(w) + x * 0.0 + 0.5


@composite(
    canonical=promoting("x", to_float=True),
    cases=[
        Case((Sample(("batch", 5), -0.95, 0.95),), label="batch", bound=Bound(16, _inverse_scale)),
        Case(
            (Sample((40,), -0.999, 0.999),),
            label="float64",
            dtypes=("float64",),
            bound=Bound(16, _inverse_scale),
            differentiable=False,
        ),
        Case(
            (Sample(values=[1 - 1e-9, 1e-12 - 1, 1 - 1e-15, 0.5, 1e-9]),),
            label="near the ends",
            dtypes=("float64",),
            bound=Bound(16, _inverse_scale),
            differentiable=False,
        ),
        Case(
            (Sample(values=[0.0, 1.0, -1.0, 1.5, _NAN]),),
            label="special",
            bound=Bound(2, lambda x: 1.0),
            differentiable=False,
        ),
    ],
)
def erfinv(x: Array) -> Any:
    """The inverse of the error function: erf(y) = x; infinite at -1 and 1, NaN beyond.

    Arguments:
        x: Numbers; integers become float32.

    Returns:
        The shape of x.

    Source: Giles 2012, Approximating the erfinv function; one step of Halley's method after it, two in float64.

    Example:
        >>> round(ops.erfinv([0.5]).item(), 4)
        0.4769
    """
    wide = widened(x)
    inside = less(abs(wide), 1.0)
    safe = where(inside, wide, 0.0)
    size = abs(safe)
    rest = 1.0 - size
    w = -log(rest * (1.0 + size))
    low = less(w, 5.0)
    first = _polynomial(where(low, w, 2.5) - 2.5, _CENTRE)
    second = _polynomial(sqrt(where(low, 9.0, w)) - 3.0, _ENDS)
    y = where(low, first, second) * size
    for _ in range(2 if wide.dtype.bits == 64 else 1):
        # erf(y) - |x|, by the complement where both are near 1.
        error = where(less(size, 0.5), erf(y) - size, rest - erfc(y))
        step = error * exp(y * y) * (math.sqrt(math.pi) / 2.0)
        y = y - divide(step, 1.0 + y * step)
    y = where(less(safe, 0.0), -y, y)
    ends = where(equal(wide, 1.0), _INF, where(equal(wide, -1.0), -_INF, _NAN))
    return cast(where(inside, y, ends), x.dtype)
