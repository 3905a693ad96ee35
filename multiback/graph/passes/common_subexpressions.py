"""What is computed twice is computed once."""

from __future__ import annotations

from typing import Any

from multiback.graph.ir import Equation, Graph, flat
from multiback.graph.passes.substitution import Substitution, substitute


def common_subexpressions(graph: Graph) -> Graph:
    """Computes equal equations once."""
    env: Substitution = {}
    seen: dict[Any, Equation] = {}
    kept = []
    for equation in graph.equations:
        equation = equation.replace(inputs=substitute(equation.inputs, env))
        key = (equation.op.name, equation.inputs, tuple(equation.attributes.items()))
        first = seen.get(key)
        if first is None:
            seen[key] = equation
            kept.append(equation)
        else:
            env.update(zip(flat(equation.outputs), flat(first.outputs)))
    return graph.replace(equations=tuple(kept), outputs=substitute(graph.outputs, env))
