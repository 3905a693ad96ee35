"""Functions of one number or two, element by element, apart from plain arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback_torch.importer.aten._types import floating, promoted, value


def _of_float(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda self: function(floating(self))


def _of_any(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda self: function(value(self))


def _of_two(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: function(*promoted(self, other))


def _of_two_floats(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: function(*promoted(self, other, to_float=True))


def _extremum(function: Callable[[Any, Any], Any], logical: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def of_two(self: Any, other: Any) -> Any:
        a, b = promoted(self, other)
        return logical(a, b) if value(a).dtype.kind == "b" else function(a, b)

    return of_two


_maximum = _extremum(ops.maximum, ops.logical_or)
_minimum = _extremum(ops.minimum, ops.logical_and)


def _ignoring_nan(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def of_two(self: Any, other: Any) -> Any:
        a, b = promoted(self, other)
        both = function(a, b)
        if not value(a).dtype.is_float:
            return both
        return ops.where(ops.isnan(a), b, ops.where(ops.isnan(b), a, both))

    return of_two


def _clamp(self: Any, min: Any = None, max: Any = None) -> Any:
    limits = [x for x in (min, max) if x is not None]
    found = promoted(self, *limits)
    x, bounds = value(found[0]), found[1:]
    if x.dtype.kind == "b":
        x = ops.logical_or(x, bounds[0]) if min is not None else x
        return ops.logical_and(x, bounds[-1]) if max is not None else x
    if len(limits) == 2:
        if all(isinstance(b, int | float) for b in bounds):
            return ops.clip(x, bounds[0], bounds[1]) if bounds[0] <= bounds[1] else ops.full_like(x, bounds[1])
        return ops.clip(x, *bounds)
    return ops.clip(x, bounds[0], _end(x, 1)) if min is not None else ops.clip(x, _end(x, -1), bounds[0])


def _end(x: Any, sign: int) -> Any:
    """The largest or smallest value of a dtype, as a bound that does nothing."""
    if x.dtype.is_float:
        return sign * math.inf
    return int(np.iinfo(x.dtype.numpy).max if sign > 0 else np.iinfo(x.dtype.numpy).min)


def _clamp_min(self: Any, min: Any) -> Any:
    return _clamp(self, min, None)


def _clamp_max(self: Any, max: Any) -> Any:
    return _clamp(self, None, max)


def _sign(self: Any) -> Any:
    x = value(self)
    return x if x.dtype.kind == "b" else ops.sign(x)


def _signbit(self: Any) -> Any:
    x = value(self)
    return ops.signbit(x) if x.dtype.is_float else ops.less(x, 0) if x.dtype.kind == "i" else ops.zeros_like(x, "bool")


def _round(self: Any, *, decimals: int = 0) -> Any:
    x = value(self)
    return x if x.dtype.is_integer else ops.round(x, decimals)


def _rounded(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def of_one(self: Any) -> Any:
        x = value(self)
        return function(x) if x.dtype.is_inexact else x

    return of_one


def _frac(self: Any) -> Any:
    return ops.subtract(self, ops.trunc(self))


def _xlogy(self: Any, other: Any) -> Any:
    return _zero_times(ops.log, self, other)


def _xlog1py(self: Any, other: Any) -> Any:
    return _zero_times(ops.log1p, self, other)


def _zero_times(function: Callable[[Any], Any], a: Any, b: Any) -> Any:
    a, b = promoted(a, b, to_float=True)
    zero = ops.logical_and(ops.equal(a, 0), ops.logical_not(ops.isnan(b)))
    safe = ops.where(zero, 1, b)
    return ops.where(zero, 0, ops.multiply(a, function(safe)))


def _heaviside(self: Any, values: Any) -> Any:
    x, at_zero = promoted(self, values)
    return ops.where(ops.equal(x, 0), at_zero, ops.cast(ops.greater(x, 0), value(x).dtype))


def _logit(self: Any, eps: float | None = None) -> Any:
    x = floating(self)
    if eps is not None:
        x = ops.clip(x, eps, 1 - eps)
    return ops.log(ops.divide(x, ops.subtract(1, x)))


def _sinc(self: Any) -> Any:
    x = floating(self)
    zero = ops.equal(x, 0)
    angle = ops.where(zero, 1, ops.multiply(x, math.pi))
    return ops.where(zero, 1, ops.divide(ops.sin(angle), angle))


def _entropy(self: Any) -> Any:
    x = floating(self)
    inside = ops.greater(x, 0)
    found = ops.negative(ops.multiply(x, ops.log(ops.where(inside, x, 1))))
    return ops.where(ops.less(x, 0), -math.inf, found)


def _logaddexp2(self: Any, other: Any) -> Any:
    a, b = promoted(self, other, to_float=True)
    return ops.divide(ops.logaddexp(ops.multiply(a, math.log(2)), ops.multiply(b, math.log(2))), math.log(2))


def _nan_to_num(self: Any, nan: Any = None, posinf: Any = None, neginf: Any = None) -> Any:
    x = value(self)
    return ops.nan_to_num(x, 0.0 if nan is None else nan, posinf, neginf) if x.dtype.is_inexact else x


def _is_infinite(sign: int) -> Callable[[Any], Any]:
    def test(self: Any) -> Any:
        x = value(self)
        return ops.equal(x, sign * math.inf) if x.dtype.is_float else ops.zeros_like(x, dtypes.bool_)

    return test


def _shift(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def of_two(self: Any, other: Any) -> Any:
        a, b = promoted(self, other)
        return function(value(a), value(b, value(a).dtype))

    return of_two


def _bitwise_not(self: Any) -> Any:
    return ops.bitwise_invert(self)


def _ldexp(self: Any, other: Any) -> Any:
    a, b = promoted(self, other, to_float=True)
    return ops.multiply(a, ops.exp2(b))


def _angle(self: Any) -> Any:
    x = floating(self)
    if x.dtype.is_complex:
        return ops.arctan2(ops.imag(x), ops.real(x))
    return ops.where(ops.isnan(x), x, ops.where(ops.less(x, 0), value(math.pi, x.dtype), 0.0))


def _polar(abs: Any, angle: Any) -> Any:
    return ops.complex(ops.multiply(abs, ops.cos(angle)), ops.multiply(abs, ops.sin(angle)))


def _view_as_complex(self: Any) -> Any:
    return ops.complex(self[..., 0], self[..., 1])


def _view_as_real(self: Any) -> Any:
    return ops.stack([ops.real(self), ops.imag(self)], -1)


def _real(self: Any) -> Any:
    x = value(self)
    return ops.real(x) if x.dtype.is_complex else x


def _reciprocal(self: Any) -> Any:
    return ops.divide(1, floating(self))


def _abs(self: Any) -> Any:
    x = value(self)
    return x if x.dtype.kind == "b" else ops.abs(x)


def _where(condition: Any, self: Any, other: Any) -> Any:
    return ops.where(condition, *promoted(self, other))


def _complex(real: Any, imag: Any) -> Any:
    return ops.complex(*promoted(real, imag))


def _times(factor: float) -> Callable[[Any], Any]:
    return lambda self: ops.multiply(floating(self), factor)


_FLOAT_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "acos": ops.arccos,
    "acosh": ops.arccosh,
    "arccos": ops.arccos,
    "arccosh": ops.arccosh,
    "arcsin": ops.arcsin,
    "arcsinh": ops.arcsinh,
    "arctan": ops.arctan,
    "arctanh": ops.arctanh,
    "asin": ops.arcsin,
    "asinh": ops.arcsinh,
    "atan": ops.arctan,
    "atanh": ops.arctanh,
    "cos": ops.cos,
    "cosh": ops.cosh,
    "erf": ops.erf,
    "erfc": ops.erfc,
    "erfinv": ops.erfinv,
    "exp": ops.exp,
    "exp2": ops.exp2,
    "expm1": ops.expm1,
    "log": ops.log,
    "log10": ops.log10,
    "log1p": ops.log1p,
    "log2": ops.log2,
    "rsqrt": ops.rsqrt,
    "sigmoid": ops.sigmoid,
    "sin": ops.sin,
    "sinh": ops.sinh,
    "special_erf": ops.erf,
    "special_erfc": ops.erfc,
    "special_erfinv": ops.erfinv,
    "special_exp2": ops.exp2,
    "special_expit": ops.sigmoid,
    "special_expm1": ops.expm1,
    "special_log1p": ops.log1p,
    "sqrt": ops.sqrt,
    "tan": ops.tan,
    "tanh": ops.tanh,
}

HANDLERS = {
    **{f"aten.{name}": _of_float(function) for name, function in _FLOAT_FUNCTIONS.items()},
    "aten.abs": _abs,
    "aten.absolute": _abs,
    "aten.angle": _angle,
    "aten.arctan2": _of_two_floats(ops.arctan2),
    "aten.atan2": _of_two_floats(ops.arctan2),
    "aten.bitwise_and": _of_two(ops.bitwise_and),
    "aten.bitwise_left_shift": _shift(ops.bitwise_left_shift),
    "aten.bitwise_not": _bitwise_not,
    "aten.bitwise_or": _of_two(ops.bitwise_or),
    "aten.bitwise_right_shift": _shift(ops.bitwise_right_shift),
    "aten.bitwise_xor": _of_two(ops.bitwise_xor),
    "aten.__and__": _of_two(ops.bitwise_and),
    "aten.__lshift__": _shift(ops.bitwise_left_shift),
    "aten.__or__": _of_two(ops.bitwise_or),
    "aten.__rshift__": _shift(ops.bitwise_right_shift),
    "aten.__xor__": _of_two(ops.bitwise_xor),
    "aten.ceil": _rounded(ops.ceil),
    "aten.clamp": _clamp,
    "aten.clamp_max": _clamp_max,
    "aten.clamp_min": _clamp_min,
    "aten.clip": _clamp,
    "aten.complex": _complex,
    "aten.conj": _of_any(ops.conj),
    "aten._conj": _of_any(ops.conj),
    "aten.conj_physical": _of_any(ops.conj),
    "aten._conj_physical": _of_any(ops.conj),
    "aten.copysign": _of_two_floats(ops.copysign),
    "aten.deg2rad": _times(math.pi / 180),
    "aten.fix": _rounded(ops.trunc),
    "aten.floor": _rounded(ops.floor),
    "aten.fmax": _ignoring_nan(_maximum),
    "aten.fmin": _ignoring_nan(_minimum),
    "aten.frac": _frac,
    "aten.heaviside": _heaviside,
    "aten.hypot": _of_two_floats(ops.hypot),
    "aten.imag": ops.imag,
    "aten.isfinite": _of_any(ops.isfinite),
    "aten.isinf": _of_any(ops.isinf),
    "aten.isnan": _of_any(ops.isnan),
    "aten.isneginf": _is_infinite(-1),
    "aten.isposinf": _is_infinite(1),
    "aten.ldexp": _ldexp,
    "aten.logaddexp": _of_two_floats(ops.logaddexp),
    "aten.logaddexp2": _logaddexp2,
    "aten.logit": _logit,
    "aten.special_logit": _logit,
    "aten.maximum": _maximum,
    "aten.max.other": _maximum,
    "aten.min.other": _minimum,
    "aten.minimum": _minimum,
    "aten.nan_to_num": _nan_to_num,
    "aten.neg": _of_any(ops.negative),
    "aten.negative": _of_any(ops.negative),
    "aten.nextafter": _of_two(ops.nextafter),
    "aten.polar": _polar,
    "aten.positive": _of_any(lambda x: x),
    "aten.rad2deg": _times(180 / math.pi),
    "aten.real": _real,
    "aten.reciprocal": _reciprocal,
    "aten.resolve_conj": _of_any(lambda x: x),
    "aten.resolve_neg": _of_any(lambda x: x),
    "aten.round": _round,
    "aten.sgn": _sign,
    "aten.sign": _sign,
    "aten.signbit": _signbit,
    "aten.sinc": _sinc,
    "aten.special_sinc": _sinc,
    "aten.special_entr": _entropy,
    "aten.special_xlog1py": _xlog1py,
    "aten.special_xlogy": _xlogy,
    "aten.square": _of_any(lambda x: ops.cast(x, dtypes.int64) if x.dtype.kind == "b" else ops.square(x)),
    "aten.trunc": _rounded(ops.trunc),
    "aten.view_as_complex": _view_as_complex,
    "aten.view_as_real": _view_as_real,
    "aten.where": _where,
    "aten.xlogy": _xlogy,
}
