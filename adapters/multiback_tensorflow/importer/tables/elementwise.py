"""Ops that treat every element on its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import ops

Handler = Callable[..., Any]


def _unary(function: Handler) -> Handler:
    return lambda x, **_: function(x)


def _binary(function: Handler) -> Handler:
    return lambda a, b, **_: function(a, b)


def _truncate_div(a: Any, b: Any, **_: Any) -> Any:
    quotient = ops.floor_divide(a, b)
    inexact = ops.not_equal(ops.multiply(quotient, b), a)
    return ops.where(ops.logical_and(ops.less(quotient, 0), inexact), quotient + 1, quotient)


def _truncate_mod(a: Any, b: Any, **_: Any) -> Any:
    if a.dtype.is_float:
        return ops.subtract(a, ops.multiply(ops.trunc(ops.divide(a, b)), b))
    return ops.subtract(a, ops.multiply(_truncate_div(a, b), b))


def _div(a: Any, b: Any, **_: Any) -> Any:
    dtype = next(x.dtype for x in (a, b) if hasattr(x, "spec"))
    return ops.divide(a, b) if dtype.is_float or dtype.is_complex else _truncate_div(a, b)


def _cast(x: Any, DstT: str, **_: Any) -> Any:
    if x.dtype.is_complex and not DstT.startswith("complex"):
        x = ops.real(x)
    return ops.cast(x, DstT)


def _bitcast(x: Any, type: str, **_: Any) -> Any:
    return ops.bitcast(x, type)


def _clip(x: Any, low: Any, high: Any, **_: Any) -> Any:
    return ops.minimum(ops.maximum(x, low), high)


def _times_no_nan(x: Any, y: Any, **_: Any) -> Any:
    """x * y, and 0 where y is 0 whatever x is."""
    return ops.where(ops.equal(y, 0), 0.0, ops.multiply(x, y))


def _xlogy(x: Any, y: Any, **_: Any) -> Any:
    zero = ops.equal(x, 0)
    return ops.where(zero, 0.0, ops.multiply(x, ops.log(ops.where(zero, 1.0, y))))


def _xlog1py(x: Any, y: Any, **_: Any) -> Any:
    zero = ops.equal(x, 0)
    return ops.where(zero, 0.0, ops.multiply(x, ops.log1p(ops.where(zero, 1.0, y))))


def _xdivy(x: Any, y: Any, **_: Any) -> Any:
    zero = ops.equal(x, 0)
    return ops.where(zero, 0.0, ops.divide(x, ops.where(zero, 1.0, y)))


def _select(condition: Any, a: Any, b: Any, **_: Any) -> Any:
    """Select without broadcasting: a condition along the first axis chooses whole rows."""
    rank = max(getattr(a, "ndim", 0), getattr(b, "ndim", 0))
    if condition.ndim == 1 and rank > 1:
        condition = ops.reshape(condition, (condition.shape[0], *[1] * (rank - 1)))
    return ops.where(condition, a, b)


def _square_difference(a: Any, b: Any, **_: Any) -> Any:
    return ops.square(ops.subtract(a, b))


def _total(*xs: Any, **_: Any) -> Any:
    result = xs[0]
    for x in xs[1:]:
        result = ops.add(result, x)
    return result


def _bucket(x: Any, boundaries: Any, **_: Any) -> Any:
    above = ops.greater_equal(ops.expand_dims(x, -1), np.asarray(boundaries, x.dtype.numpy))
    return ops.sum(ops.cast(above, "int32"), axis=-1)


def _set_bits(x: Any, **_: Any) -> Any:
    total: Any = 0
    for place in range(x.dtype.bits):
        total = total + ops.bitwise_and(ops.right_shift(x, place), 1)
    return ops.cast(total, "uint8")


def _angle(x: Any, **_: Any) -> Any:
    return ops.arctan2(ops.imag(x), ops.real(x))


def _rint(x: Any, **_: Any) -> Any:
    return x if x.dtype.is_integer else ops.round(x)


def _ceil_floor(function: Handler) -> Handler:
    return lambda x, **_: x if x.dtype.is_integer else function(x)


def _leaky_relu(x: Any, alpha: float, **_: Any) -> Any:
    return ops.leaky_relu(x, alpha)


def _approximately(a: Any, b: Any, tolerance: float, **_: Any) -> Any:
    return ops.less(ops.abs(ops.subtract(a, b)), np.float32(tolerance).item())


def _pow(a: Any, b: Any, **_: Any) -> Any:
    return ops.square(a) if isinstance(b, int | float) and b == 2 else ops.power(a, b)


HANDLERS: dict[str, Handler] = {
    "Abs": _unary(ops.abs),
    "Acos": _unary(ops.arccos),
    "Acosh": _unary(ops.arccosh),
    "Add": _binary(ops.add),
    "AddN": _total,
    "AccumulateNV2": _total,
    "AddV2": _binary(ops.add),
    "Angle": _angle,
    "ApproximateEqual": _approximately,
    "Asin": _unary(ops.arcsin),
    "Asinh": _unary(ops.arcsinh),
    "Atan": _unary(ops.arctan),
    "Atan2": _binary(ops.arctan2),
    "Atanh": _unary(ops.arctanh),
    "Bitcast": _bitcast,
    "BitwiseAnd": _binary(ops.bitwise_and),
    "BitwiseOr": _binary(ops.bitwise_or),
    "BitwiseXor": _binary(ops.bitwise_xor),
    "Bucketize": _bucket,
    "Cast": _cast,
    "Ceil": _ceil_floor(ops.ceil),
    "ClipByValue": _clip,
    "Complex": lambda real, imag, **_: ops.complex(real, imag),
    "ComplexAbs": _unary(ops.abs),
    "Conj": _unary(ops.conj),
    "Cos": _unary(ops.cos),
    "Cosh": _unary(ops.cosh),
    "Div": _div,
    "DivNoNan": _binary(ops.divide_no_nan),
    "Elu": _unary(ops.elu),
    "Equal": _binary(ops.equal),
    "Erf": _unary(ops.erf),
    "Erfc": _unary(ops.erfc),
    "Erfinv": _unary(ops.erfinv),
    "Exp": _unary(ops.exp),
    "Expm1": _unary(ops.expm1),
    "Floor": _ceil_floor(ops.floor),
    "FloorDiv": _binary(ops.floor_divide),
    "FloorMod": _binary(ops.mod),
    "Greater": _binary(ops.greater),
    "GreaterEqual": _binary(ops.greater_equal),
    "Imag": _unary(ops.imag),
    "Inv": _unary(ops.reciprocal),
    "Invert": _unary(ops.bitwise_invert),
    "IsFinite": _unary(ops.isfinite),
    "IsInf": _unary(ops.isinf),
    "IsNan": _unary(ops.isnan),
    "LeakyRelu": _leaky_relu,
    "LeftShift": _binary(ops.left_shift),
    "Less": _binary(ops.less),
    "LessEqual": _binary(ops.less_equal),
    "Log": _unary(ops.log),
    "Log1p": _unary(ops.log1p),
    "LogicalAnd": _binary(ops.logical_and),
    "LogicalNot": _unary(ops.logical_not),
    "LogicalOr": _binary(ops.logical_or),
    "Maximum": _binary(ops.maximum),
    "Minimum": _binary(ops.minimum),
    "Mod": _truncate_mod,
    "Mul": _binary(ops.multiply),
    "MulNoNan": _times_no_nan,
    "Ndtri": lambda x, **_: ops.erfinv(2.0 * x - 1.0) * 2.0**0.5,
    "Neg": _unary(ops.negative),
    "NextAfter": _binary(ops.nextafter),
    "NotEqual": _binary(ops.not_equal),
    "PopulationCount": _set_bits,
    "Pow": _pow,
    "Real": _unary(ops.real),
    "RealDiv": _div,
    "Reciprocal": _unary(ops.reciprocal),
    "Relu": _unary(ops.relu),
    "Relu6": _unary(ops.relu6),
    "RightShift": _binary(ops.right_shift),
    "Rint": _rint,
    "Round": _rint,
    "Rsqrt": _unary(ops.rsqrt),
    "Select": _select,
    "SelectV2": lambda condition, a, b, **_: ops.where(condition, a, b),
    "Selu": _unary(ops.selu),
    "Sigmoid": _unary(ops.sigmoid),
    "Sign": _unary(ops.sign),
    "Sin": _unary(ops.sin),
    "Sinh": _unary(ops.sinh),
    "Softplus": _unary(ops.softplus),
    "Softsign": _unary(ops.softsign),
    "Sqrt": _unary(ops.sqrt),
    "Square": _unary(ops.square),
    "SquaredDifference": _square_difference,
    "Sub": _binary(ops.subtract),
    "Tan": _unary(ops.tan),
    "Tanh": _unary(ops.tanh),
    "TruncateDiv": _truncate_div,
    "TruncateMod": _truncate_mod,
    "Xdivy": _xdivy,
    "Xlog1py": _xlog1py,
    "Xlogy": _xlogy,
    "Identity": lambda x, **_: x,
    "IdentityN": lambda *xs, **_: xs,
    "Snapshot": lambda x, **_: x,
    "CheckNumerics": lambda x, **_: x,
    "CheckNumericsV2": lambda x, **_: x,
    "DebugIdentityV2": lambda x, **_: x,
    "EnsureShape": lambda x, **_: x,
    "GuaranteeConst": lambda x, **_: x,
    "PlaceholderWithDefault": lambda x, **_: x,
    "PreventGradient": _unary(ops.stop_gradient),
    "StopGradient": _unary(ops.stop_gradient),
    "Print": lambda x, *_, **__: x,
}
"""Handlers by op; inputs in order, attributes by name."""

NUMBERS = frozenset(
    {
        "Add", "AddV2", "Atan2", "ClipByValue", "Div", "DivNoNan", "Equal", "FloorDiv", "FloorMod", "Greater",
        "GreaterEqual", "Less", "LessEqual", "Maximum", "Minimum", "Mul", "NotEqual", "Pow", "RealDiv", "SelectV2",
        "SquaredDifference", "Sub", "TruncateDiv",
    }
)  # fmt: skip
"""Ops whose scalar operands may be Python numbers, which keeps graphs readable."""
