"""Branches and loops, as nodes with graphs of their own, which see the values around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import helper

from multiback import dtypes
from multiback.dtypes import DType
from multiback.graph.dims import Shape
from multiback.graph.ir import Graph, Literal, Value
from multiback_onnx.exporter.emitter import Call, Emitter, View, value_info
from multiback_onnx.exporter.tables import writes

Row = tuple[str, Shape, DType]


def _bound(e: Emitter, graph: Graph, operands: Sequence[Any]) -> None:
    """Lets the inputs of a sub-graph be what they are outside."""
    for value, operand in zip(graph.inputs, operands):
        e.views[value] = View(e.name(operand)) if isinstance(operand, Literal) else e.view(operand)


def _results(e: Emitter, outputs: Sequence[Any]) -> list[Any]:
    """The outputs of a sub-graph under names of their own: one must not be an input, nor stand there twice."""
    found = []
    for x in outputs:
        name = e.node("Identity", [e.name(x)])
        found.append(value_info(name, x.shape, x.dtype))
    return found


@writes("cond")
def _cond(call: Call, predicate: Any, operands: Any, true_graph: Graph, false_graph: Graph) -> tuple[str, ...]:
    e = call.emitter
    branches = {}
    for name, graph in (("then_branch", true_graph), ("else_branch", false_graph)):
        inner = e.inner()
        _bound(inner, graph, operands)
        call.translate(inner, graph)
        outputs = _results(inner, graph.outputs)
        branches[name] = helper.make_graph(inner.nodes, e.unique(name), [], outputs)
    count = len(true_graph.outputs)
    found = e.node("If", [e.name(predicate)], count, **branches)
    return (found,) if count == 1 else tuple(found)


def _as_input(e: Emitter, value: Value, name: str) -> Any:
    found = e.unique(name)
    e.views[value] = View(found)
    return value_info(found, value.shape, value.dtype)


@writes("while_loop")
def _while_loop(call: Call, init: Any, captures: Any, condition: Graph, body: Graph) -> tuple[str, ...]:
    e, count = call.emitter, len(init)
    _bound(e, condition, [*init, *captures])
    call.translate(e, condition)
    first = e.name(condition.outputs[0])
    inner = e.inner()
    step, known = e.unique("iteration"), e.unique("condition")
    inputs = [value_info(step, (), dtypes.int64), value_info(known, (), dtypes.bool_)]
    inputs += [_as_input(inner, v, "state") for v in body.inputs[:count]]
    for value, operand in zip(body.inputs[count:], captures):
        inner.views[value] = View(inner.name(operand)) if isinstance(operand, Literal) else inner.view(operand)
    call.translate(inner, body)
    for value, result in zip(condition.inputs, [*body.outputs[:count], *body.inputs[count:]]):
        inner.views[value] = View(inner.name(result)) if isinstance(result, Literal) else inner.view(result)
    call.translate(inner, condition)
    outputs = _results(inner, [condition.outputs[0], *body.outputs[:count]])
    graph = helper.make_graph(inner.nodes, e.unique("body"), inputs, outputs)
    found = e.node("Loop", ["", first, *(e.name(x) for x in init)], count, body=graph)
    return (found,) if count == 1 else tuple(found)


def scanned(
    e: Emitter, body: Callable[..., list[str]], init: Sequence[Row], rows: Sequence[Row], outputs: int, reverse: bool
) -> list[str]:
    """A `Scan` whose body is written by `body(emitter, *states, *row) -> names of new states and outputs`."""
    inner = e.inner()
    inputs = [value_info(e.unique(label), shape, dtype)
              for label, given in (("state", init), ("row", rows)) for _, shape, dtype in given]  # fmt: skip
    found = body(inner, *(i.name for i in inputs))
    specs = [*((s, d) for _, s, d in init), *((s, d) for _, s, d in rows[:outputs])]
    results = [value_info(n, s, d) for n, (s, d) in zip(found, specs)]
    graph = helper.make_graph(inner.nodes, e.unique("body"), inputs, results)
    way = [int(reverse)]
    names = [*(n for n, *_ in init), *(n for n, *_ in rows)]
    count = len(init) + outputs
    result = e.node(
        "Scan", names, count, body=graph, num_scan_inputs=len(rows),
        scan_input_directions=way * len(rows), scan_output_directions=way * outputs,
    )  # fmt: skip
    return [result] if count == 1 else result


@writes("scan")
def _scan(
    call: Call, init: Any, xs: Any, captures: Any, body: Graph, length: Any, reverse: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    e, states, rows = call.emitter, len(init), len(xs)
    if length == 0:
        none = [e.node("Expand", [e.number(0, y.dtype), e.sizes(y.shape)]) for y in call.equation.flat_outputs[states:]]
        return tuple(e.name(x) for x in init), tuple(none)
    inner = e.inner()
    inputs = [_as_input(inner, v, "state") for v in body.inputs[:states]]
    inputs += [_as_input(inner, v, "row") for v in body.inputs[states : states + rows]]
    given = [*(e.name(x) for x in init), *(e.name(x) for x in xs)]
    if not rows:
        # ONNX counts the steps by what it scans.
        inputs.append(value_info(e.unique("step"), (), dtypes.int64))
        if isinstance(length, int):
            given.append(e.constant(np.arange(length)))
        else:
            count = e.node("Squeeze", [e.size(length), e.integers(0)])
            given.append(e.node("Range", [e.number(0, dtypes.int64), count, e.number(1, dtypes.int64)]))
    for value, operand in zip(body.inputs[states + rows :], captures):
        inner.views[value] = View(inner.name(operand)) if isinstance(operand, Literal) else inner.view(operand)
    call.translate(inner, body)
    outputs = _results(inner, body.outputs)
    graph = helper.make_graph(inner.nodes, e.unique("body"), inputs, outputs)
    count, way = len(body.outputs), [int(reverse)]
    found = e.node(
        "Scan", given, count, body=graph, num_scan_inputs=max(rows, 1),
        scan_input_directions=way * max(rows, 1), scan_output_directions=way * (count - states) or None,
    )  # fmt: skip
    found = [found] if count == 1 else found
    return tuple(found[:states]), tuple(found[states:])
