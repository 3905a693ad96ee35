"""The logarithm of the gamma function and its first derivatives, by their asymptotic series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.errors import UnsupportedModel
from multiback_torch.importer.aten._types import floating, value

_FROM = 8
"""The series are taken from here on, where what they leave out is below float64's rounding; less is shifted up."""

# Abramowitz and Stegun 1964, 6.1.40, 6.3.18 and 6.4.12: coefficients of odd or even powers of 1 / x.
_LOG_GAMMA = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
_TRIGAMMA = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)


def _series(coefficients: Sequence[float], z: Any) -> Any:
    """c0 + c1 z + c2 z^2 + ..."""
    total: Any = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        total = ops.add(c, ops.multiply(total, z))
    return total


def _shifted(x: Any) -> tuple[Any, Any, list[Any]]:
    """Where x is small, x made large enough for the series, and what was passed on the way there (1 elsewhere)."""
    small = ops.less(x, _FROM)
    steps = [ops.where(small, ops.add(x, i), 1.0) for i in range(_FROM)]
    return small, ops.where(small, ops.add(x, _FROM), x), steps


def _reflected(x: Any) -> tuple[Any, Any]:
    """Whether x is below 1/2, and 1 - x there."""
    left = ops.less(x, 0.5)
    return left, ops.where(left, ops.subtract(1.0, x), x)


def _of_turn(x: Any) -> Any:
    """pi times the part of x beyond a whole number, from -1/2 to 1/2: its sine has the size of sin(pi x)."""
    return ops.multiply(ops.subtract(x, ops.round(x)), math.pi)


def _log_gamma(self: Any) -> Any:
    x = floating(self)
    left, z = _reflected(x)
    small, y, steps = _shifted(z)
    passed = steps[0]
    for step in steps[1:]:
        passed = ops.multiply(passed, step)
    inverse = ops.reciprocal(y)
    found = ops.multiply(ops.subtract(y, 0.5), ops.log(y)) - y + 0.5 * math.log(2 * math.pi)
    found = found + ops.multiply(inverse, _series(_LOG_GAMMA, ops.square(inverse)))
    found = ops.where(ops.isinf(y), y, ops.where(small, ops.subtract(found, ops.log(passed)), found))
    size = ops.abs(ops.sin(ops.where(left, _of_turn(x), 1.0)))
    mirrored = ops.subtract(ops.subtract(math.log(math.pi), ops.log(size)), found)
    return ops.where(ops.isinf(x), math.inf, ops.where(left, mirrored, found))


def _digamma(self: Any) -> Any:
    x = floating(self)
    left, z = _reflected(x)
    small, y, steps = _shifted(z)
    inverse = ops.reciprocal(y)
    square = ops.square(inverse)
    found = ops.log(y) - 0.5 * inverse - ops.multiply(square, _series(_DIGAMMA, square))
    for step in steps:
        found = ops.subtract(found, ops.where(small, ops.reciprocal(step), 0.0))
    mirrored = ops.subtract(found, ops.divide(math.pi, ops.tan(ops.where(left, _of_turn(x), 1.0))))
    whole = ops.logical_and(ops.less(x, 0), ops.equal(x, ops.round(x)))
    return ops.where(whole, math.nan, ops.where(left, mirrored, found))


def _trigamma(self: Any) -> Any:
    x = floating(self)
    left, z = _reflected(x)
    small, y, steps = _shifted(z)
    inverse = ops.reciprocal(y)
    square = ops.square(inverse)
    found = inverse + 0.5 * square + ops.multiply(ops.multiply(inverse, square), _series(_TRIGAMMA, square))
    for step in steps:
        found = ops.add(found, ops.where(small, ops.square(ops.reciprocal(step)), 0.0))
    ratio = ops.divide(math.pi, ops.sin(ops.where(left, _of_turn(x), 1.0)))
    return ops.where(left, ops.subtract(ops.square(ratio), found), found)


def _polygamma(n: int, self: Any) -> Any:
    if n > 1:
        raise UnsupportedModel(f"polygamma of order {n} cannot be ported; orders 0 and 1 can.")
    return _trigamma(value(self)) if n else _digamma(value(self))


HANDLERS = {
    "aten.digamma": _digamma,
    "aten.lgamma": _log_gamma,
    "aten.polygamma": _polygamma,
    "aten.special_digamma": _digamma,
    "aten.special_gammaln": _log_gamma,
    "aten.special_psi": _digamma,
}
