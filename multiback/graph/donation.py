"""Which equations may write into their operands: state that is replaced, and results that nobody reads afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from multiback.graph.ir import Equation, Graph, Value, flat
from multiback.graph.trace import body_of

_VIEWS = frozenset(["reshape", "transpose", "getitem", "broadcast_to", "cast", "stop_gradient"])


def donate(graph: Graph, written: Mapping[str, Collection[str]]) -> Graph:
    """The graph with `in_place=True` on the equations that may write into their operands.

    Arguments:
        graph: Whose state the caller lets the executable overwrite.
        written: For each op that can run in place, the operands it writes into.
    """
    equations = list(graph.equations)
    for position, equation in enumerate(equations):
        if equation.op.name in written and _may_write(graph, position, _written(equation, written[equation.op.name])):
            equations[position] = equation.replace(attributes={**equation.attributes, "in_place": True})
    return graph.replace(equations=tuple(equations))


def sound(graph: Graph, written: Mapping[str, Collection[str]]) -> bool:
    """Whether all equations marked `in_place` may write still, now that the graph has been rewritten."""
    return all(
        _may_write(graph, i, _written(e, written[e.op.name]))
        for i, e in enumerate(graph.equations)
        if e.op.name in written and e.attributes.get("in_place", False)
    )


def _written(equation: Equation, names: Collection[str]) -> list[Any]:
    return [x for n, o in zip(equation.op.operands, equation.inputs) if n in names for x in flat(o)]


def _may_write(graph: Graph, position: int, targets: list[Any]) -> bool:
    operands = graph.equations[position].flat_inputs
    counts = Counter(operands)
    free = {graph.inputs[i] for i in graph.updates} | _fresh(graph.equations[:position])
    if any(x not in free or counts[x] != 1 for x in targets):
        return False
    shared = aliases(graph.equations[:position], targets)
    read = {x for e in graph.equations[position + 1 :] for x in e.flat_inputs} | set(graph.outputs)
    written = set(targets)
    return not any(x in shared for x in read) and not any(x in shared for x in operands if x not in written)


def _fresh(equations: Iterable[Equation]) -> set[Any]:
    """Results that surely have storage of their own."""
    found: set[Any] = set()
    for equation in equations:
        if not equation.graphs:
            found.update(set(equation.flat_outputs) - aliases([equation], equation.flat_inputs))
    return found


def aliases(equations: Iterable[Equation], roots: Iterable[Any]) -> set[Any]:
    """The values that may share storage with `roots`: they, and what is made of them by views."""
    found: set[Any] = set(roots)
    for equation in equations:
        if not any(x in found for x in equation.flat_inputs):
            continue
        if equation.op.name in ("value_and_grad", "remat"):
            found.update(_through(equation.attributes["body"], equation, found))
        elif equation.op.composite:
            attributes = {n: equation.attributes[n] for n in equation.op.attributes}
            call = {**dict(zip(equation.op.operands, equation.inputs)), **attributes}
            found.update(_through(body_of(equation.op, call).graph, equation, found))
        elif equation.op.name in _VIEWS or equation.graphs:
            found.update(equation.flat_outputs)
    return found


def _through(body: Graph, equation: Equation, found: set[Any]) -> list[Value]:
    """The outputs of an equation that may share storage with its operands, by looking into its body."""
    given = [x for x in equation.flat_inputs if isinstance(x, Value)]
    inner = aliases(body.equations, [v for v, x in zip(body.inputs, given) if x in found])
    return [v for v, x in zip(equation.flat_outputs, body.outputs) if x in inner]
