"""Decisions that are known when the graph is compiled.

cond(True, ...)         ->  the equations of its first graph, in place; cond(False, ...) those of its second
where(True, x, y)       ->  x, where it has the shape of the result; where(False, x, y)  ->  y
"""

from __future__ import annotations

from typing import Any

from multiback.graph.ir import Equation, Graph, Literal, Value, map_tuple
from multiback.graph.passes.rewriting import Rule, Sweep
from multiback.graph.passes.substitution import Substitution, substitute


def _cond(equation: Equation, sweep: Sweep) -> Any:
    predicate, operands = equation.inputs
    chosen = sweep.number(predicate)
    if chosen is None:
        return None
    graph: Graph = equation.attributes["true_graph" if chosen else "false_graph"]
    env: Substitution = dict(zip(graph.inputs, operands))  # type: ignore[arg-type]
    for value, array in graph.constants.items():
        env[value] = Value(value.shape, value.dtype)
        sweep.constants[env[value]] = array
    for inner in graph.equations:
        outputs = map_tuple(lambda v: env.setdefault(v, Value(v.shape, v.dtype)), inner.outputs)
        sweep.add(inner.replace(inputs=substitute(inner.inputs, env), outputs=outputs))
    return tuple(sweep.as_value(substitute(x, env)) for x in graph.outputs)


def _where(equation: Equation, sweep: Sweep) -> Any:
    condition, first, second = equation.inputs
    chosen = sweep.number(condition)
    if chosen is None and condition in sweep.constants:
        values = set(sweep.constants[condition].ravel().tolist())  # type: ignore[index]
        chosen = values.pop() if len(values) == 1 else None
    if chosen is None:
        return None
    x, out = (first if chosen else second), equation.flat_outputs[0]
    return x if not isinstance(x, Literal) and x.shape == out.shape and x.dtype == out.dtype else None  # type: ignore[union-attr]


RULES: dict[str, Rule] = {"cond": _cond, "where": _where}
