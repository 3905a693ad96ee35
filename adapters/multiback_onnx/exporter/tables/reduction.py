"""Sums, products and extrema over axes."""

from __future__ import annotations

from typing import Any

from multiback import dtypes
from multiback.graph.ir import Equation, Value
from multiback_onnx.exporter.emitter import Call, View
from multiback_onnx.exporter.tables import writes
from multiback_onnx.exporter.tables.integers import is_narrow, narrowed


def _axes(x: Any, axis: Any) -> list[int]:
    return list(range(x.ndim)) if axis is None else [a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis)]


def reduced(call: Call, op: str, x: Any, axis: Any, keepdims: bool) -> Any:
    """A reduction where the axes lie as they do."""
    e, axes = call.emitter, _axes(x, axis)
    view = e.view(x) if isinstance(x, Value) else View(e.name(x))
    if not axes:
        return view
    order = view.order
    places = axes if order is None else [order[a] for a in axes]
    # Runtimes add int32 in floats, and so lose how they wrap.
    wide = x.dtype.is_integer and x.dtype != dtypes.int64 and (is_narrow(x.dtype) or op in ("ReduceSum", "ReduceProd"))
    name = e.cast(view.name, dtypes.int64) if wide else view.name
    name = e.node(op, [name, e.integers(*sorted(places))], keepdims=int(keepdims))
    if order is not None and not keepdims:
        kept = [order[i] for i in range(x.ndim) if i not in axes]
        order = tuple(sorted(kept).index(p) for p in kept)
        order = None if order == tuple(range(len(order))) else order
    return View(e.cast(name, x.dtype) if wide else name, order)


def _reduction(op: str, name: str, **more: Any) -> None:
    @writes(op, **more)
    def _(call: Call, x: Any, axis: Any, keepdims: bool, **_: Any) -> Any:
        return reduced(call, name, x, axis, keepdims)


for _op, _name in {"sum": "ReduceSum", "prod": "ReduceProd", "amax": "ReduceMax", "amin": "ReduceMin"}.items():
    _reduction(_op, _name)


def _wide_floats(equation: Equation, opset: int) -> bool:
    x = equation.inputs[0]
    if not isinstance(x, Value) or 0 in x.shape:
        return False
    return x.dtype.is_float and x.dtype.bits >= 32 and equation.attributes["axis"] != ()


_reduction("mean", "ReduceMean", when=_wide_floats)


@writes("any")
def _any(call: Call, x: Any, axis: Any, keepdims: bool) -> Any:
    e, axes = call.emitter, _axes(x, axis)
    if not axes:
        return e.name(x)
    found = e.node("ReduceSum", [e.cast(e.name(x), dtypes.int64), e.integers(*axes)], keepdims=int(keepdims))
    return e.cast(found, dtypes.bool_)


@writes("argmax")
def _argmax(call: Call, x: Any, axis: Any, keepdims: bool) -> str:
    e = call.emitter
    name = e.name(x)
    if x.dtype == dtypes.bool_ or is_narrow(x.dtype):
        name = e.cast(name, dtypes.int32 if x.dtype == dtypes.bool_ else dtypes.int64)
    if axis is None:
        name = e.node("Reshape", [name, e.integers(-1)])
        found = e.node("ArgMax", [name], axis=0, keepdims=0)
        found = e.node("Reshape", [found, e.integers(*[1] * x.ndim)]) if keepdims else found
    else:
        found = e.node("ArgMax", [name], axis=axis % x.ndim, keepdims=int(keepdims))
    return e.cast(found, call.out.dtype)


@writes("cumulative_sum")
def _cumulative_sum(call: Call, x: Any, axis: int, reverse: bool) -> str:
    e = call.emitter
    name = e.cast(e.name(x), dtypes.int64) if is_narrow(x.dtype) else e.name(x)
    name = e.node("CumSum", [name, e.number(axis % x.ndim, dtypes.int64)], reverse=int(reverse))
    return narrowed(call, name, x.dtype)


@writes("cumulative_prod")
def _cumulative_prod(call: Call, x: Any, axis: int, reverse: bool) -> str:
    """A product that is carried along the axis, as ONNX before version 26 has no operator for it."""
    from multiback_onnx.exporter.tables.control import scanned

    e, axis = call.emitter, axis % x.ndim
    if x.shape[axis] == 0:
        return e.name(x)
    wide = dtypes.int64 if is_narrow(x.dtype) else x.dtype
    rows = (axis, *(a for a in range(x.ndim) if a != axis))
    name = e.arranged(x, rows)
    name = e.cast(name, wide) if wide != x.dtype else name
    row_shape = tuple(x.shape[a] for a in rows[1:])
    start = e.node("Expand", [e.number(1, wide), e.sizes(row_shape)]) if row_shape else e.number(1, wide)

    def body(inner: Any, total: str, row: str) -> list[str]:
        product = inner.node("Mul", [total, row])
        return [product, inner.node("Identity", [product])]

    found = scanned(e, body, [(start, row_shape, wide)], [(name, row_shape, wide)], 1, reverse)[1]
    back = [rows.index(a) for a in range(x.ndim)]
    found = e.node("Transpose", [found], perm=back) if back != list(range(x.ndim)) else found
    return narrowed(call, found, x.dtype)


@writes("argsort")
def _argsort(call: Call, x: Any, axis: int) -> str:
    """All elements in order: among equal ones, the operator gives the lower index first."""
    e, axis = call.emitter, axis % x.ndim
    name = e.name(x)
    if x.dtype == dtypes.bool_ or is_narrow(x.dtype):
        name = e.cast(name, dtypes.int64)
    _, order = e.node("TopK", [name, e.size(x.shape[axis])], 2, axis=axis, largest=0, sorted=1)
    return e.cast(order, dtypes.int32)
