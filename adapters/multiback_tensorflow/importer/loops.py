"""Loops: as `scan` where the number of steps is known, which can be differentiated; as `while_loop` otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import ArgumentError
from multiback.graph.dims import Size
from multiback.graph.trace import trace_inner
from multiback.porting.host_values import fold, host, is_host, is_symbolic
from multiback_tensorflow.importer import folding
from multiback_tensorflow.importer.interpreter import Context, Resource, operand
from multiback_tensorflow.importer.program import Edge, Function
from multiback_tensorflow.importer.tables.lists import TensorList
from multiback_tensorflow.importer.tables.state import WRITING
from multiback_tensorflow.importer.written import CALLS, draws, written_arguments


@dataclass
class _Plan:
    """What is known of a loop before it is recorded.

    Attributes:
        condition, body: Its functions.
        inputs: The loop variables before the first step.
        fixed: Those that never change.
        steps: The number of steps, if it is known.
        counters: Of the others, those that go up by one, with their first number.
        rows: Fixed lists of which step i reads element i.
        written: Lists of which step i writes element i, and nothing else is done with.
    """

    condition: Function
    body: Function
    inputs: list[Any]
    fixed: set[int]
    steps: Size | None = None
    counters: dict[int, int] = field(default_factory=dict)
    rows: set[int] = field(default_factory=set)
    written: dict[int, Edge] = field(default_factory=dict)

    @property
    def carried(self) -> list[int]:
        """The loop variables that one step hands to the next."""
        return [i for i in range(len(self.inputs)) if i not in self.fixed and i not in self.counters]


def record(context: Context, condition: Function, body: Function, inputs: list[Any]) -> list[Any]:
    """The loop variables after the last step."""
    plan = _plan(condition, body, inputs)
    changed = sorted({inputs[i].name for i in written_arguments(body) if isinstance(inputs[i], Resource)})
    return _scan(context, plan, changed) if plan.steps is not None else _while(context, plan, changed)


def restored(like: Any, array: Any) -> Any:
    """An array as what it stands for: a list, or itself."""
    if isinstance(like, TensorList):
        shape = tuple(array.shape[1:])
        return TensorList(array.shape[0], like.dtype, shape, array=array)
    return array


def _plan(condition: Function, body: Function, inputs: list[Any]) -> _Plan:
    arguments = {(name, 0): i for i, name in enumerate(body.arguments)}
    sources = [body.source(edge) for edge in body.results]
    fixed = {i for i, source in enumerate(sources) if arguments.get(source) == i}
    fixed |= {i for i, x in enumerate(inputs) if isinstance(x, Resource)}
    plan = _Plan(condition, body, inputs, fixed)
    found = {i: first for i in range(len(inputs)) if i not in fixed and (first := _counter(plan, i)) is not None}
    limits = _limits(plan, condition.results[0], found)
    if limits is None:
        return plan
    steps = _least([fold("subtract", host(limit), host(found[i])) for i, limit in limits])
    if steps is None:
        return plan
    plan.steps, plan.counters = steps, found
    _find_rows(plan)
    return plan


def _counter(plan: _Plan, i: int) -> int | None:
    """The first number of a loop variable that goes up by one in each step, else None."""
    start, body = plan.inputs[i], plan.body
    if not is_host(start) or is_symbolic(start) or np.ndim(start) or np.asarray(start).dtype.kind != "i":
        return None
    node = body.by_name.get(body.source(body.results[i])[0])
    if node is None or node.op not in ("Add", "AddV2"):
        return None
    for own, other in (node.inputs, node.inputs[::-1]):
        one = _known(plan, body, other)
        if body.source(own) == (body.arguments[i], 0) and one is not None and not is_symbolic(one) and one == 1:
            return int(np.asarray(start))
    return None


def _known(plan: _Plan, function: Function, edge: Edge) -> Any:
    """The host value of an edge that depends only on constants and on what never changes, else None."""
    name, output = function.source(edge)
    if name in function.arguments:
        i = function.arguments.index(name)
        return plan.inputs[i] if i in plan.fixed and is_host(plan.inputs[i]) else None
    node = function.by_name[name]
    if node.op == "Const":
        return node.attributes["value"]
    inputs = [_known(plan, function, e) for e in node.inputs]
    if not inputs or any(x is None for x in inputs):
        return None
    found = folding.fold(node, inputs)
    return None if found is None else found[output]


def _limits(plan: _Plan, edge: Edge, counters: dict[int, int]) -> list[tuple[int, Any]] | None:
    """The condition as "each of these counters is below this limit", else None."""
    condition = plan.condition
    known = _known(plan, condition, edge)
    if known is not None and not is_symbolic(known):
        return [] if np.asarray(known).all() else None
    node = condition.by_name.get(condition.source(edge)[0])
    if node is None:
        return None
    if node.op == "LogicalAnd":
        parts = [_limits(plan, e, counters) for e in node.inputs]
        return None if parts[0] is None or parts[1] is None else parts[0] + parts[1]
    if node.op == "LogicalOr":
        for own, other in (node.inputs, node.inputs[::-1]):
            value = _known(plan, condition, other)
            if value is not None and not is_symbolic(value) and not np.asarray(value).any():
                return _limits(plan, own, counters)
            if _never(plan, other):
                return _limits(plan, own, counters)
        return None
    less = {"Less": 0, "LessEqual": 1, "Greater": 0, "GreaterEqual": 1}.get(node.op)
    if less is None:
        return None
    left, right = node.inputs if node.op.startswith("Less") else node.inputs[::-1]
    name = condition.source(left)[0]
    limit = _known(plan, condition, right)
    i = condition.arguments.index(name) if name in condition.arguments else -1
    if i not in counters or limit is None:
        return None
    return [(i, fold("add", host(limit), host(less)))]


def _never(plan: _Plan, edge: Edge) -> bool:
    """Whether a condition is a conjunction of which one part is known to be false."""
    node = plan.condition.by_name.get(plan.condition.source(edge)[0])
    if node is None or node.op != "LogicalAnd":
        return False
    values = [_known(plan, plan.condition, e) for e in node.inputs]
    return any(v is not None and not is_symbolic(v) and not np.asarray(v).any() for v in values)


def _least(counts: Sequence[Any]) -> Size | None:
    """The least of some numbers of steps, at least 0; None where there are none or which it is depends on the batch."""
    if not counts or any(c is None for c in counts):
        return None
    least = counts[0]
    for count in counts[1:]:
        least = fold("minimum", least, count)
        if least is None:
            return None
    size = least.item()
    return max(size, 0) if isinstance(size, int) else size


def _find_rows(plan: _Plan) -> None:
    """Which lists are read or written element by element, in the order of the steps."""
    body = plan.body
    counters = {(body.arguments[i], 0) for i, first in plan.counters.items() if first == 0}
    for i, value in enumerate(plan.inputs):
        if not isinstance(value, TensorList) or value.length != plan.steps:
            continue
        users = list(body.users((body.arguments[i], 0)))
        if i in plan.fixed:
            reads = [node for node, _ in users if node.op == "TensorListGetItem"]
            if reads and all(body.source(node.inputs[1]) in counters for node in reads):
                plan.rows.add(i)
            continue
        written = body.by_name.get(body.source(body.results[i])[0])
        if (
            len(users) == 1
            and written is users[0][0]
            and written.op == "TensorListSetItem"
            and body.source(written.inputs[1]) in counters
            and not list(body.users((written.name, 0)))
            and sum(body.source(e) == (written.name, 0) for e in body.results) == 1
        ):
            plan.written[i] = written.inputs[2]


def _start(context: Context, plan: _Plan, changed: Sequence[str]) -> tuple[list[int], list[Any]]:
    """The loop variables that are carried, and their first arrays: lists as one array each."""
    places = [i for i in plan.carried if i not in plan.written]
    shapes = _shapes_written(context, plan, places, changed)
    arrays = []
    for i in places:
        value = plan.inputs[i]
        if isinstance(value, TensorList):
            arrays.append(value.stacked(shapes.get(i)))
        else:
            arrays.append(operand(value))
    return places, arrays


def _shapes_written(
    context: Context, plan: _Plan, places: Sequence[int], changed: Sequence[str]
) -> dict[int, tuple[Any, ...]]:
    """The shapes of elements of lists that are empty before the loop: the body is looked through once for them."""
    unknown = {}
    for i in places:
        value = plan.inputs[i]
        if isinstance(value, TensorList) and value.array is None and all(x is None for x in value.items or ()):
            try:
                value.element()
            except ArgumentError:
                unknown[i] = value.replace(written=[])
    if not unknown:
        return {}

    def look() -> tuple[()]:
        values = list(plan.inputs)
        for i in range(len(values)):
            if i in unknown:
                values[i] = unknown[i]
            elif i in plan.counters or (i in places and is_host(values[i])):
                values[i] = operand(values[i])
        with context.holding(changed, [context.weights[name].value for name in changed]):
            context.run(plan.body, values)
        return ()

    trace_inner(look, (), name="sketch")
    return {i: tuple(x.written[0].shape) for i, x in unknown.items() if x.written}


def _values(
    plan: _Plan, places: Sequence[int], arrays: Sequence[Any], step: Any = None, rows: dict[int, Any] | None = None
) -> list[Any]:
    """The arguments of the body (and the condition) in one step."""
    values = list(plan.inputs)
    for i, array in zip(places, arrays):
        values[i] = restored(values[i], array)
    for i, first in plan.counters.items():
        dtype = np.asarray(plan.inputs[i]).dtype.name
        number = step if dtype == "int32" else ops.cast(step, dtype)
        values[i] = number if first == 0 else ops.add(number, first)
    if rows:
        counters = [values[i] for i, first in plan.counters.items() if first == 0]
        for i, row in rows.items():
            values[i] = values[i].replace(rows=(counters, row))
    return values


def _next(results: Sequence[Any], before: Sequence[Any]) -> list[Any]:
    """What is carried to the next step, of the dtypes that the loop began with."""
    arrays = []
    for result, old in zip(results, before, strict=True):
        new = result.stacked() if isinstance(result, TensorList) else operand(result, str(old.dtype))
        arrays.append(new if new.dtype == old.dtype else ops.cast(new, old.dtype))
    return arrays


def _scan(context: Context, plan: _Plan, changed: Sequence[str]) -> list[Any]:
    places, start = _start(context, plan, changed)
    held_before = [context.weights[name].value for name in changed]
    row_lists = sorted(plan.rows)
    written = sorted(plan.written)
    xs = (ops.iota(plan.steps), *(plan.inputs[i].stacked() for i in row_lists))

    def body(carry: Any, row: Any) -> Any:
        arrays, weights = carry
        context.steps.append(row[0])
        try:
            with context.holding(changed, weights) as held:
                values = _values(plan, places, arrays, row[0], dict(zip(row_lists, row[1:])))
                results, items = _body_results(context, plan, values, places)
                new = _next(results, arrays)
                return (tuple(new), tuple(h.value for h in held.values())), tuple(items)
        finally:
            context.steps.pop()

    (arrays, weights), columns = ops.scan(body, (tuple(start), tuple(held_before)), xs, length=plan.steps)
    for name, value in zip(changed, weights):
        context.weights[name].assign(value)
    found = list(plan.inputs)
    for i, array in zip(places, arrays):
        found[i] = restored(plan.inputs[i], array)
    for i, column in zip(written, columns):
        found[i] = restored(plan.inputs[i], column)
    for i, first in plan.counters.items():
        found[i] = host(first + plan.steps, np.asarray(plan.inputs[i]).dtype)  # type: ignore[operator]
    return found


def _body_results(
    context: Context, plan: _Plan, values: list[Any], places: Sequence[int]
) -> tuple[list[Any], list[Any]]:
    """What the body gives for the variables that are carried, and the elements that this step writes into lists."""
    body = plan.body
    kept = [body.results[i] for i in places]
    items = [plan.written[i] for i in sorted(plan.written)]
    results = context.run(_shortened(body, kept + items), values)
    return results[: len(kept)], [operand(x) for x in results[len(kept) :]]


def _shortened(body: Function, results: list[Edge]) -> Function:
    """The body with these results, and without what only the others need."""
    needed: set[str] = set()
    waiting = [name for name, _ in results] + [n.name for n in body.nodes if n.op in WRITING or n.op in CALLS]
    while waiting:
        name = waiting.pop()
        if name in body.by_name and name not in needed:
            needed.add(name)
            node = body.by_name[name]
            waiting += [origin for origin, _ in node.inputs]
    nodes = [n for n in body.nodes if n.name in needed]
    return Function(body.name, body.arguments, nodes, results, body.library, body.by_name)


def _while(context: Context, plan: _Plan, changed: Sequence[str]) -> list[Any]:
    places, start = _start(context, plan, changed)
    held_before = [context.weights[name].value for name in changed]
    random = draws(plan.body)

    def test(step: Any, arrays: Any, weights: Any) -> Any:
        with context.holding(changed, weights):
            found = operand(context.run(plan.condition, _values(plan, places, arrays))[0])
            return ops.reshape(found, ()) if found.ndim else found

    def body(step: Any, arrays: Any, weights: Any) -> Any:
        context.steps.append(step)
        try:
            with context.holding(changed, weights) as held:
                results = context.run(plan.body, _values(plan, places, arrays))
                new = _next([results[i] for i in places], arrays)
                return step + 1 if random else step, tuple(new), tuple(h.value for h in held.values())
        finally:
            context.steps.pop()

    first = operand(np.asarray(0, np.int32)) if random else ()
    _, arrays, weights = ops.while_loop(test, body, (first, tuple(start), tuple(held_before)))
    for name, value in zip(changed, weights):
        context.weights[name].assign(value)
    found = list(plan.inputs)
    for i, array in zip(places, arrays):
        found[i] = restored(plan.inputs[i], array)
    return found
