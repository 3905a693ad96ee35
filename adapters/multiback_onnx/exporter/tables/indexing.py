"""Elements chosen by indices, and rows written by them."""

from __future__ import annotations

from typing import Any

from multiback import dtypes
from multiback.graph.dims import Dim, Size
from multiback.graph.ir import Literal
from multiback_onnx.exporter.emitter import Call, Emitter
from multiback_onnx.exporter.tables import writes


def _within(e: Emitter, indices: Any, size: Size) -> str:
    """Indices in int64, those out of range moved to the nearest element; from the end they stay negative."""
    name = e.name(indices)
    name = name if indices.dtype == dtypes.int64 else e.cast(name, dtypes.int64)
    if isinstance(indices, Literal) and isinstance(size, int) and -size <= indices.value < size:
        return name
    if isinstance(size, Dim):
        count = e.node("Squeeze", [e.size(size), e.integers(0)])
        low, high = e.node("Neg", [count]), e.node("Sub", [count, e.number(1, dtypes.int64)])
    else:
        low, high = e.number(-size, dtypes.int64), e.number(size - 1, dtypes.int64)
    return e.node("Clip", [name, low, high])


@writes("take")
def _take(call: Call, x: Any, indices: Any, axis: int) -> str:
    e, axis = call.emitter, axis % x.ndim
    return e.node("Gather", [e.name(x), _within(e, indices, x.shape[axis])], axis=axis)


@writes("take_along_axis")
def _take_along_axis(call: Call, x: Any, indices: Any, axis: int) -> str:
    e, axis = call.emitter, axis % x.ndim
    return e.node("GatherElements", [e.name(x), _within(e, indices, x.shape[axis])], axis=axis)


@writes("scatter_rows")
def _scatter_rows(call: Call, x: Any, indices: Any, updates: Any, reduction: Any) -> str:
    e = call.emitter
    places = e.node("Unsqueeze", [_within(e, indices, x.shape[0]), e.integers(1)])
    names = [e.name(x), places, e.name(updates)]
    return e.node("ScatterND", names, reduction=reduction if reduction is not None else "none")
