"""Activation functions, softmax among them."""

from __future__ import annotations

import math
from typing import Any

from multiback import ops
from multiback_torch.importer.aten._types import axis_of, cast, floating, value, with_axis


def _relu(self: Any) -> Any:
    x = value(self)
    return ops.relu(x) if x.dtype.is_inexact else ops.maximum(x, 0)


def _hardtanh(self: Any, min_val: Any = -1, max_val: Any = 1) -> Any:
    x = value(self)
    if (min_val, max_val) == (0, 6) and x.dtype.is_inexact:
        return ops.relu6(x)
    if (min_val, max_val) == (-1, 1) and x.dtype.is_inexact:
        return ops.hard_tanh(x)
    low, high = cast(min_val, x.dtype), cast(max_val, x.dtype)
    # Not ops.clip, whose gradient at the bounds is 1.
    return ops.where(ops.less_equal(x, low), low, ops.where(ops.greater_equal(x, high), high, x))


def _relu6(self: Any) -> Any:
    return _hardtanh(self, 0, 6)


def _gelu(self: Any, *, approximate: str = "none") -> Any:
    return ops.gelu(self, approximate == "tanh")


def _elu(self: Any, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Any:
    if (scale, input_scale) == (1, 1):
        return ops.elu(self, float(alpha))
    x = value(self)
    below = ops.multiply(ops.expm1(ops.multiply(ops.minimum(x, 0), input_scale)), alpha * scale)
    return ops.where(ops.greater(x, 0), ops.multiply(x, scale), below)


def _celu(self: Any, alpha: float = 1) -> Any:
    return ops.celu(self, float(alpha))


def _leaky_relu(self: Any, negative_slope: float = 0.01) -> Any:
    return ops.leaky_relu(self, float(negative_slope))


def _prelu(self: Any, weight: Any) -> Any:
    x, slope = value(self), value(weight)
    if len(slope.shape) == 1 and len(x.shape) > 1 and slope.shape[0] != 1:
        slope = ops.reshape(slope, (slope.shape[0], *[1] * (len(x.shape) - 2)))
    elif len(x.shape) <= 1 and len(slope.shape) == 1:
        slope = ops.reshape(slope, ()) if slope.shape[0] == 1 else slope
    return ops.where(ops.greater(x, 0), x, ops.multiply(x, slope))


def _softplus(self: Any, beta: float = 1, threshold: float = 20) -> Any:
    x = value(self)
    scaled = x if beta == 1 else ops.multiply(x, beta)
    found = ops.softplus(scaled)
    found = found if beta == 1 else ops.divide(found, beta)
    # Torch cuts off where the difference shows in float64.
    return ops.where(ops.greater(scaled, threshold), x, found)


def _log_sigmoid(self: Any) -> Any:
    return ops.log_sigmoid(self)


def _log_sigmoid_forward(self: Any, *, context: Any) -> Any:
    return ops.log_sigmoid(self), ops.zeros(context.shapes[1], context.dtypes[1])


def _threshold(self: Any, threshold: Any, value: Any) -> Any:
    return ops.where(ops.less_equal(self, threshold), value, self)


def _soft_shrink(self: Any, lambd: float = 0.5) -> Any:
    return ops.soft_shrink(self, float(lambd))


def _hard_shrink(self: Any, lambd: float = 0.5) -> Any:
    return ops.hard_shrink(self, float(lambd))


def _glu(self: Any, dim: int = -1) -> Any:
    return ops.glu(self, dim)


def _typed(x: Any, dtype: Any) -> Any:
    return value(x, dtype) if dtype is not None else floating(x)


def _softmax(self: Any, dim: int, dtype: Any = None, *, context: Any) -> Any:
    x = _typed(self, context.dtype)
    return ops.reshape(ops.softmax(with_axis(x), axis_of(dim, x)), x.shape) if not x.shape else ops.softmax(x, dim)


def _log_softmax(self: Any, dim: int, dtype: Any = None, *, context: Any) -> Any:
    x = _typed(self, context.dtype)
    return ops.reshape(ops.log_softmax(with_axis(x), 0), ()) if not x.shape else ops.log_softmax(x, dim)


def _safe_softmax(self: Any, dim: int, dtype: Any = None, *, context: Any) -> Any:
    """Softmax that is 0 along a slice of only -inf."""
    x = _typed(self, context.dtype)
    none = ops.all(ops.equal(x, -math.inf), axis_of(dim, x), keepdims=True)
    return ops.where(none, 0.0, ops.softmax(ops.where(none, 0.0, x), axis_of(dim, x)))


def _rrelu(self: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, *_: Any, context: Any) -> Any:
    x = value(self)
    if not (training and context.training):
        return ops.leaky_relu(x, (lower + upper) / 2)
    slope = ops.uniform(context.key(), x.shape, lower, upper, x.dtype)
    return ops.where(ops.greater_equal(x, 0), x, ops.multiply(x, slope))


HANDLERS = {
    "aten._log_softmax": _log_softmax,
    "aten._prelu_kernel": _prelu,
    "aten._safe_softmax": _safe_softmax,
    "aten._softmax": _softmax,
    "aten.celu": _celu,
    "aten.elu": _elu,
    "aten.gelu": _gelu,
    "aten.glu": _glu,
    "aten.hardshrink": _hard_shrink,
    "aten.hardsigmoid": lambda self: ops.hard_sigmoid(self),
    "aten.hardswish": lambda self: ops.hard_silu(self),
    "aten.hardtanh": _hardtanh,
    "aten.leaky_relu": _leaky_relu,
    "aten.log_sigmoid": _log_sigmoid,
    "aten.log_sigmoid_forward": _log_sigmoid_forward,
    "aten.log_softmax": _log_softmax,
    "aten.mish": lambda self: ops.mish(self),
    "aten.prelu": _prelu,
    "aten.relu": _relu,
    "aten.relu6": _relu6,
    "aten.rrelu": _rrelu,
    "aten.selu": lambda self: ops.selu(self),
    "aten.silu": lambda self: ops.silu(self),
    "aten.softmax": _softmax,
    "aten.softplus": _softplus,
    "aten.softshrink": _soft_shrink,
    "aten.special_log_softmax": _log_softmax,
    "aten.special_softmax": _softmax,
    "aten.threshold": _threshold,
}
