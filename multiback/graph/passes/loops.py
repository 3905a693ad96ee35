"""What a loop computes anew at each step, from the same operands, is computed once before it."""

from __future__ import annotations

from typing import Any

from multiback.graph.ir import Equation, Graph, Literal, Value, flat, map_tuple
from multiback.graph.passes.substitution import Substitution, substitute

_LOOPS = {"scan": ("body",), "while_loop": ("body", "condition")}


def hoist(graph: Graph) -> Graph:
    """Moves equations of a loop's body that read only captures and constants out of the loop."""
    if not any(e.op.name in _LOOPS for e in graph.equations):
        return graph
    equations: list[Equation] = []
    constants = dict(graph.constants)
    for equation in graph.equations:
        for key in _LOOPS.get(equation.op.name, ()):
            equation = _hoisted(equation, key, equations, constants)
        equations.append(equation)
    return graph.replace(equations=tuple(equations), constants=constants)


def _hoisted(equation: Equation, key: str, before: list[Equation], constants: dict[Value, Any]) -> Equation:
    body: Graph = equation.attributes[key]
    captures: tuple[Any, ...] = equation.inputs[-1]  # type: ignore[assignment]
    first = len(body.inputs) - len(captures)
    outside: Substitution = dict(zip(body.inputs[first:], captures))
    moved, kept = [], []
    for inner in body.equations:
        operands = inner.flat_inputs
        steady = all(isinstance(x, Literal) or x in outside or x in body.constants for x in operands)
        if steady and any(x in outside for x in operands):
            outputs = map_tuple(lambda v: Value(v.shape, v.dtype), inner.outputs)
            outside.update(zip(inner.flat_outputs, flat(outputs)))
            moved.append((inner, outputs))
        else:
            kept.append(inner)
    if not moved:
        return equation
    for inner, outputs in moved:
        for x in inner.flat_inputs:
            if x in body.constants and x not in outside:
                outside[x] = Value(x.shape, x.dtype)  # type: ignore[index]
                constants[outside[x]] = body.constants[x]  # type: ignore[index]
        scope = "/".join(filter(None, (equation.scope, inner.scope)))
        before.append(inner.replace(inputs=substitute(inner.inputs, outside), outputs=outputs, scope=scope))
    made = [v for inner, _ in moved for v in inner.flat_outputs]
    wanted = {x for e in kept for x in e.flat_inputs} | set(body.outputs)
    new = [v for v in made if v in wanted]
    graphs = {}
    for name in _LOOPS[equation.op.name]:
        graph = equation.attributes[name]
        # The other graph of the loop takes the new captures too, and does not read them.
        inputs = new if name == key else [Value(v.shape, v.dtype) for v in new]
        graphs[name] = graph.replace(inputs=(*graph.inputs, *inputs))
    graphs[key] = graphs[key].replace(equations=tuple(kept))
    return equation.replace(
        inputs=(*equation.inputs[:-1], (*captures, *(outside[v] for v in new))),
        attributes={**equation.attributes, **graphs},
    )
