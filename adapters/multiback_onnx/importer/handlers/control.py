"""Branches and loops: graphs inside nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import MultibackError
from multiback.graph.dims import Dim
from multiback.porting import host_values
from multiback_onnx.importer.constant_folding import computed
from multiback_onnx.importer.interpreter import Scope
from multiback_onnx.importer.node import NeedsValue, Node, array, shape_of
from multiback_onnx.importer.registry import handler

_UNROLLED = 8
"""Loops of at most so many rounds are written out."""
_LONGEST = 4096
"""Rounds of the longest loop that is written out because a scan cannot express it."""


def _run(node: Node, graph: Any, values: list[Any]) -> tuple[Any, ...]:
    scope = Scope({}, node.scope)
    for given, value in zip(graph.input, values, strict=True):
        scope[given.name] = value
    return node.run.graph(graph, scope)


@handler("If")
def if_(node: Node, condition: Any) -> Any:
    """One of two graphs: chosen while the graph is built where the condition is known, else a `cond`."""
    graphs = node.attributes["then_branch"], node.attributes["else_branch"]
    known = _constant(condition)
    if known is not None:
        return _run(node, graphs[0] if bool(np.reshape(known, ())) else graphs[1], [])
    predicate = ops.reshape(array(condition), ())
    result = ops.cond(
        predicate, *(lambda graph=graph: tuple(array(x) for x in _run(node, graph, [])) for graph in graphs)
    )
    return tuple(result)


def _constant(x: Any) -> Any:
    """The numbers of a value, if they are known while the graph is built."""
    return x if host_values.is_host(x) else computed(x)


@handler("Loop")
def loop(node: Node, limit: Any, condition: Any, *initial: Any) -> Any:
    """Rounds of a graph: written out if few, a scan if their number is known, else a while loop."""
    body = node.attributes["body"]
    outputs = len(body.output) - 1 - len(initial)
    known = None if limit is None else _constant(limit)
    count = None if known is None else int(np.reshape(known, ()))
    first = np.asarray(True) if condition is None else _constant(condition)
    if first is not None and not bool(np.reshape(first, ())):
        count = 0
    if count is None or first is None:
        if outputs:
            node.known(limit if count is None and limit is not None else condition, "number of rounds")
        return _while(node, body, limit, condition, initial)
    if count > _UNROLLED and not any(isinstance(x, list) for x in initial):
        try:
            return _scanned(node, body, count, initial, outputs)
        except NeedsValue:
            pass
        except MultibackError:
            if count > _LONGEST:
                raise
    if count > _LONGEST:
        raise node.refuse(f"a loop of {count} rounds is too long to be written out.")
    return _unrolled(node, body, count, list(initial), outputs)


def _unrolled(node: Node, body: Any, count: int, carried: list[Any], outputs: int) -> tuple[Any, ...]:
    columns: list[list[Any]] = [[] for _ in range(outputs)]
    condition: Any = np.asarray(True)
    for i in range(count):
        going, *rest = _run(node, body, [np.asarray(i, np.int64), condition, *carried])
        carried = rest[: len(carried)]
        for column, value in zip(columns, rest[len(carried) :]):
            column.append(value)
        known = _constant(going)
        if known is None:
            raise node.refuse(
                "whether the loop goes on depends on data, and it collects a value from each round, so that the "
                "shape of its result depends on data too."
            )
        if not bool(np.reshape(known, ())):
            break
    return (*carried, *(_stacked(node, body, k, column, len(carried)) for k, column in enumerate(columns)))


def _stacked(node: Node, body: Any, index: int, column: list[Any], carried: int) -> Any:
    if not column:
        from multiback_onnx.importer.files import dtype_of as element_type

        tensor = body.output[1 + carried + index].type.tensor_type
        return np.zeros((0, *(d.dim_value for d in tensor.shape.dim)), element_type(tensor.elem_type).numpy)
    if host_values.all_host(column):
        folded = host_values.fold("stack", *column)
        if folded is not None:
            return folded
    return ops.stack([array(x) for x in column], 0)


def _scanned(node: Node, body: Any, count: int, initial: Any, outputs: int) -> tuple[Any, ...]:
    start = tuple(array(x) for x in initial)

    def step(carry: Any, i: Any) -> Any:
        going, *rest = _run(node, body, [i, np.asarray(True), *carry])
        if not host_values.is_host(going) or not bool(np.reshape(going, ())):
            raise node.refuse("whether the loop goes on depends on data.")
        values = [array(x) for x in rest]
        return tuple(values[: len(carry)]), tuple(values[len(carry) :])

    last, stacked = ops.scan(step, start, np.arange(count, dtype=np.int64), length=count)
    return (*last, *stacked)


def _while(node: Node, body: Any, limit: Any, condition: Any, initial: Any) -> tuple[Any, ...]:
    bound = None if limit is None else ops.reshape(array(limit), ())
    going = ops.reshape(array(np.asarray(True) if condition is None else condition), ())
    start = (np.asarray(0, np.int64), going, tuple(array(x) for x in initial))

    def test(i: Any, more: Any, carried: Any) -> Any:
        return more if bound is None else ops.logical_and(more, ops.less(i, bound))

    def step(i: Any, more: Any, carried: Any) -> Any:
        again, *rest = _run(node, body, [i, more, *carried])
        return ops.add(i, np.asarray(1, np.int64)), ops.reshape(array(again), ()), tuple(array(x) for x in rest)

    return tuple(ops.while_loop(test, step, start)[2])


@handler("Scan", 9)
def scan(node: Node, *operands: Any) -> Any:
    """A graph over the steps of arrays, with a state."""
    body = node.attributes["body"]
    inputs = node.attributes["num_scan_inputs"]
    states = len(operands) - inputs
    rows = [array(x) for x in operands[states:]]
    axes = node.get("scan_input_axes") or [0] * inputs
    backwards = node.get("scan_input_directions") or [0] * inputs
    rows = [ops.moveaxis(x, a, 0) if a % x.ndim else x for x, a in zip(rows, axes)]
    rows = [ops.flip(x, 0) if b else x for x, b in zip(rows, backwards)]
    carried, stacked = _scan_rows(node, body, [array(x) for x in operands[:states]], rows)
    count = len(body.output) - states
    axes = node.get("scan_output_axes") or [0] * count
    backwards = node.get("scan_output_directions") or [0] * count
    stacked = [ops.flip(x, 0) if b else x for x, b in zip(stacked, backwards)]
    stacked = [ops.moveaxis(x, 0, a % x.ndim) if a % x.ndim else x for x, a in zip(stacked, axes)]
    return (*carried, *stacked)


def _scan_rows(node: Node, body: Any, states: list[Any], rows: list[Any]) -> tuple[list[Any], list[Any]]:
    def step(carry: Any, row: Any) -> Any:
        values = [array(x) for x in _run(node, body, [*carry, *row])]
        return tuple(values[: len(carry)]), tuple(values[len(carry) :])

    carried, stacked = ops.scan(step, tuple(states), tuple(rows))
    return list(carried), list(stacked)


@handler("Scan", 8)
def scan_of_batch(node: Node, lengths: Any, *operands: Any) -> Any:
    """The same for each element of a batch."""
    if lengths is not None:
        raise node.refuse("the lengths of sequences in Scan of opset 8 are not supported.")
    body, inputs = node.attributes["body"], node.attributes["num_scan_inputs"]
    states = len(operands) - inputs
    values = [array(x) for x in operands]
    batch = shape_of(values[0])[0]
    if isinstance(batch, Dim):
        raise node.refuse("Scan of opset 8 needs a fixed batch.")
    if any(node.get("directions") or []):
        raise node.refuse("the directions of Scan of opset 8 are not supported.")
    found = []
    for i in range(batch):
        carried, stacked = _scan_rows(node, body, [x[i] for x in values[:states]], [x[i] for x in values[states:]])
        found.append([*carried, *stacked])
    return tuple(ops.stack(column, 0) for column in zip(*found))
