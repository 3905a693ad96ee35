"""Ops that move elements without changing them."""

from __future__ import annotations

from typing import Any

from multiback.errors import ShapeError
from multiback.graph.dims import Dim
from multiback.graph.ir import Equation, Value
from multiback_onnx.exporter.emitter import FIRST, LAST, Call, View
from multiback_onnx.exporter.tables import writes
from multiback_onnx.exporter.tables.elementwise import together


@writes("reshape")
def _reshape(call: Call, x: Any, newshape: Any) -> Any:
    return call.emitter.reshaped(call.emitter.name(x), x.shape, call.out.shape)


@writes("expand_dims", when=lambda equation, _: isinstance(equation.inputs[0], Value))
def _expand_dims(call: Call, x: Any, axis: Any) -> str:
    axes = (axis,) if isinstance(axis, int) else axis
    rank = call.out.ndim
    return call.emitter.node("Unsqueeze", [call.emitter.name(x), call.emitter.integers(*(a % rank for a in axes))])


@writes("squeeze", when=lambda equation, _: equation.attributes["axis"] is not None)
def _squeeze(call: Call, x: Any, axis: Any) -> str:
    axes = (axis,) if isinstance(axis, int) else axis
    return call.emitter.node("Squeeze", [call.emitter.name(x), call.emitter.integers(*(a % x.ndim for a in axes))])


@writes("transpose")
def _transpose(call: Call, x: Any, axes: Any) -> View:
    order = tuple(reversed(range(x.ndim))) if axes is None else tuple(a % x.ndim for a in axes)
    view = call.emitter.view(x)
    total = order if view.order is None else tuple(view.order[i] for i in order)
    return View(view.name, None if total == tuple(range(len(total))) else total)


@writes("flip")
def _flip(call: Call, x: Any, axis: Any) -> str:
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = [a % x.ndim for a in axes]
    e = call.emitter
    parts = [e.integers(*[n] * len(axes)) for n in (LAST, FIRST)]
    return e.node("Slice", [e.name(x), *parts, e.integers(*axes), e.integers(*[-1] * len(axes))]) if axes else e.name(x)


@writes("broadcast_to")
def _broadcast_to(call: Call, x: Any, shape: Any) -> Any:
    e, shape = call.emitter, call.out.shape
    lead = len(shape) - x.ndim
    # A size of 1 in the target leaves that of the operand.
    wanted = tuple(1 if i >= lead and x.shape[i - lead] == n else n for i, n in enumerate(shape))
    if not lead and all(n == 1 for n in wanted):
        return e.name(x)
    return e.node("Expand", [e.name(x), e.sizes(wanted)])


@writes("concatenate")
def _concatenate(call: Call, xs: Any, axis: int) -> Any:
    axis %= call.out.ndim
    names, order = together(call, *xs)
    if len(names) == 1:
        return View(names[0], order)
    return View(call.emitter.node("Concat", names, axis=axis if order is None else order[axis]), order)


@writes("stack", when=lambda equation, _: all(isinstance(x, Value) for x in equation.flat_inputs))
def _stack(call: Call, x: Any, axis: int) -> str:
    e = call.emitter
    axis %= call.out.ndim
    rows = [e.node("Unsqueeze", [e.name(part), e.integers(axis)]) for part in x]
    return rows[0] if len(rows) == 1 else e.node("Concat", rows, axis=axis)


def _known_parts(equation: Equation, opset: int) -> bool:
    outputs, axis, x = equation.flat_outputs, equation.attributes["axis"], equation.inputs[0]
    sizes = [y.shape[axis] for y in outputs]
    return len(sizes) > 1 and not any(isinstance(n, Dim) for n in sizes) and sum(sizes) == x.shape[axis]  # type: ignore


@writes("split", when=_known_parts)
def _split(call: Call, x: Any, indices_or_sections: Any, axis: int) -> tuple[str, ...]:
    outputs = call.equation.flat_outputs
    axis %= x.ndim
    sizes = call.emitter.integers(*(int(y.shape[axis]) for y in outputs))  # type: ignore[arg-type]
    return tuple(call.emitter.node("Split", [call.emitter.name(x), sizes], len(outputs), axis=axis))


@writes("constant_pad")
def _constant_pad(call: Call, x: Any, pad_width: Any, value: Any) -> Any:
    e, rank = call.emitter, x.ndim
    if not rank:
        return e.name(x)
    before = [p[0] for p in pad_width]
    after = [p[1] for p in pad_width]
    if any(isinstance(n, Dim) for n in (*before, *after)):
        name, order = e.name(x), None
        pads = e.sizes((*before, *after))
    else:
        view = e.view(x) if isinstance(x, Value) else View(e.name(x))
        name, order = view.name, view.order
        if order is not None:
            places = [order.index(i) for i in range(rank)]
            before, after = [before[p] for p in places], [after[p] for p in places]
        pads = e.integers(*before, *after)
    if value is None or isinstance(value, tuple):
        raise ShapeError(f"constant_pad() takes one number, got {value!r}.")
    return View(e.node("Pad", [name, pads, e.number(value, x.dtype)]), order)


@writes("tile", when=lambda equation, _: _repeats_each_axis(equation))
def _tile(call: Call, x: Any, repeats: Any) -> str:
    counts = (repeats,) * x.ndim if isinstance(repeats, int) else repeats
    return call.emitter.node("Tile", [call.emitter.name(x), call.emitter.sizes(tuple(counts))])


def _repeats_each_axis(equation: Equation) -> bool:
    repeats, x = equation.attributes["repeats"], equation.inputs[0]
    return isinstance(x, Value) and isinstance(repeats, tuple) and len(repeats) == x.ndim
