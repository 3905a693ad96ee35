"""Normalisation by given statistics, and by those of each sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.graph.ir import Equation, Value
from multiback_onnx.exporter.emitter import Call, Emitter, View
from multiback_onnx.exporter.tables import single, writes


def _has_channels(equation: Equation, opset: int) -> bool:
    x = equation.inputs[0]
    alike = all(v.dtype == x.dtype for v in equation.flat_inputs)  # type: ignore[union-attr]
    return alike and isinstance(x, Value) and x.ndim >= 2 and single(equation, equation.attributes["epsilon"])


def _full(e: Emitter, given: Any, like: Any, value: float) -> str:
    """An operand, or one filled with `value` where it is None."""
    if given is not None:
        return e.name(given)
    if all(isinstance(n, int) for n in like.shape):
        return e.constant(np.full(like.shape, value, like.dtype.numpy))
    return e.node("Expand", [e.number(value, like.dtype), e.sizes(like.shape)])


@writes("batch_normalization", when=_has_channels)
def _batch_normalization(
    call: Call, x: Any, mean: Any, variance: Any, offset: Any, scale: Any, axis: int, epsilon: float
) -> View:
    e, rank, axis = call.emitter, x.ndim, axis % x.ndim
    others = [a for a in range(rank) if a != axis]
    order = (others[0], axis, *others[1:])
    operands = [e.arranged(x, order), _full(e, scale, mean, 1.0), _full(e, offset, mean, 0.0), e.name(mean)]
    found = e.node("BatchNormalization", [*operands, e.name(variance)], epsilon=float(epsilon))
    back = tuple(order.index(i) for i in range(rank))
    return View(found, None if back == tuple(range(rank)) else back)


def _last_axes(equation: Equation, opset: int) -> bool:
    x, axis = equation.inputs[0], equation.attributes["axis"]
    if not isinstance(x, Value) or not single(equation, equation.attributes["epsilon"]):
        return False
    axes = sorted(a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis))
    alike = all(v.dtype == x.dtype for v in equation.flat_inputs)
    return alike and axes == list(range(x.ndim - len(axes), x.ndim))


@writes("layer_normalization", when=_last_axes)
def _layer_normalization(call: Call, x: Any, gamma: Any, beta: Any, axis: Any, epsilon: float) -> str:
    e = call.emitter
    count = 1 if isinstance(axis, int) else len(axis)
    like = Value(x.shape[x.ndim - count :], x.dtype)
    operands = [e.name(x), _full(e, gamma, like, 1.0), e.name(beta)]
    return e.node("LayerNormalization", operands, axis=-count, epsilon=float(epsilon))
