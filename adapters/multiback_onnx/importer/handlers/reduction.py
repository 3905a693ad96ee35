"""Reductions, positions of extremes, running sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import ops
from multiback_onnx.importer.node import Node, array, axis_index, dtype_of
from multiback_onnx.importer.registry import handler


def _axes(node: Node, x: Any, given: Any) -> tuple[int, ...] | None:
    """The axes to reduce; None for none at all."""
    axes = node.get("axes") if given is None else node.axes(given, x.ndim)
    if axes is None or len(axes) == 0:
        return None if node.get("noop_with_empty_axes", 0) else tuple(range(x.ndim))
    return tuple(sorted(axis_index(a, x.ndim) for a in axes))


def _reduction(function: Callable[..., Any], fold: str | None = None, alone: Callable[..., Any] | None = None) -> Any:
    """A handler; `alone` is what it does where no axis is reduced."""

    def reduce(node: Node, x: Any, axes: Any = None) -> Any:
        found = _axes(node, x, axes)
        keepdims = bool(node.get("keepdims", 1))
        if found is None:
            return x if alone is None else alone(array(x))
        if fold is not None and (folded := node.fold(fold, x, axis=found, keepdims=keepdims)) is not None:
            return folded
        return function(array(x), found, keepdims)

    return reduce


def _in_floats(function: Callable[..., Any]) -> Callable[..., Any]:
    """Integers are computed as floats and cut off."""

    def reduce(x: Any, axes: Any, keepdims: bool) -> Any:
        dtype = dtype_of(x)
        result = function(x if dtype.is_float else ops.cast(x, "float64"), axes, keepdims)
        return result if dtype.is_float else ops.cast(result, dtype)

    return reduce


def _extreme(op: str, sign: int) -> Callable[..., Any]:
    def reduce(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
        dtype = dtype_of(x)
        if dtype.kind == "b":
            return (ops.any if sign > 0 else ops.all)(x, axes, keepdims)
        if any(isinstance(x.shape[a], int) and x.shape[a] == 0 for a in axes):
            shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes]
            limit = np.finfo if dtype.is_float else np.iinfo
            worst = (
                -sign * float("inf") if dtype.is_float else getattr(limit(dtype.numpy), "min" if sign > 0 else "max")
            )
            return ops.full(tuple(shape), worst, dtype)
        return getattr(ops, op)(x, axes, keepdims)

    return reduce


def _log_sum_exp(x: Any, axes: Any, keepdims: bool) -> Any:
    if any(isinstance(x.shape[a], int) and x.shape[a] == 0 for a in axes):
        return ops.log(ops.sum(ops.exp(x), axes, keepdims))
    return ops.logsumexp(x, axes, keepdims)


_TABLE: dict[str, tuple[Callable[..., Any], str | None, Callable[..., Any] | None]] = {
    "ReduceSum": (ops.sum, "sum", None),
    "ReduceProd": (ops.prod, "prod", None),
    "ReduceMean": (_in_floats(ops.mean), None, None),
    "ReduceMax": (_extreme("max", 1), None, None),
    "ReduceMin": (_extreme("min", -1), None, None),
    "ReduceL1": (lambda x, a, k: ops.sum(ops.abs(x), a, k), None, ops.abs),
    "ReduceL2": (_in_floats(lambda x, a, k: ops.sqrt(ops.sum(ops.square(x), a, k))), None, ops.abs),
    "ReduceSumSquare": (lambda x, a, k: ops.sum(ops.square(x), a, k), None, ops.square),
    "ReduceLogSum": (_in_floats(lambda x, a, k: ops.log(ops.sum(x, a, k))), None, ops.log),
    "ReduceLogSumExp": (_in_floats(_log_sum_exp), None, None),
}
for _name, (_function, _fold, _alone) in _TABLE.items():
    handler(_name)(_reduction(_function, _fold, _alone))


def _position(op: str) -> Any:
    def find(node: Node, x: Any) -> Any:
        x = array(x)
        axis = axis_index(node.get("axis", 0), x.ndim)
        keepdims = bool(node.get("keepdims", 1))
        search = getattr(ops, op)
        if node.get("select_last_index", 0):
            found = ops.subtract(x.shape[axis] - 1, search(ops.flip(x, axis), axis, keepdims))
        else:
            found = search(x, axis, keepdims)
        return ops.cast(found, "int64")

    return find


handler("ArgMax")(_position("argmax"))
handler("ArgMin")(_position("argmin"))


def _running(op: str, neutral: int) -> Any:
    def run(node: Node, x: Any, axis: Any) -> Any:
        x = array(x)
        along = node.axes(axis, x.ndim, "axis")[0]
        reverse = bool(node.get("reverse", 0))
        if node.get("exclusive", 0):
            pads = [(0, 0)] * x.ndim
            pads[along] = (0, 1) if reverse else (1, 0)
            size = x.shape[along]
            index: list[Any] = [slice(None)] * x.ndim
            index[along] = slice(1, None) if reverse else slice(0, size)
            x = ops.constant_pad(x, tuple(pads), neutral)[tuple(index)]
        return getattr(ops, op)(x, along, reverse)

    return run


handler("CumSum")(_running("cumulative_sum", 0))
handler("CumProd")(_running("cumulative_prod", 1))


@handler("TopK")
def top_k(node: Node, x: Any, k: Any = None) -> Any:
    """The k largest or smallest elements along an axis, and their positions."""
    x = array(x)
    count = node.integers(k, "k")[0] if k is not None else node.get("k")
    axis = axis_index(node.get("axis", -1), x.ndim)
    if not node.get("largest", 1):
        index: list[Any] = [slice(None)] * x.ndim
        index[axis] = slice(0, count)
        positions = ops.argsort(x, axis)[tuple(index)]
        return ops.take_along_axis(x, positions, axis), ops.cast(positions, "int64")
    last = axis == x.ndim - 1
    values, positions = ops.top_k(x if last else ops.moveaxis(x, axis, -1), count)
    if not last:
        values, positions = ops.moveaxis(values, -1, axis), ops.moveaxis(positions, -1, axis)
    return values, ops.cast(positions, "int64")
