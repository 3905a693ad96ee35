"""Sizes are made in the dtype in which they are wanted."""

from __future__ import annotations

from multiback.graph.ir import Equation, Graph, Value


def cast_sizes(graph: Graph) -> Graph:
    """Makes a size in the dtype in which it is wanted, instead of casting it."""
    made: dict[Value, Equation] = {}
    equations = []
    for equation in graph.equations:
        source = made.get(equation.inputs[0]) if equation.op.name == "cast" else None  # type: ignore[arg-type]
        if source is not None:
            attributes = {**source.attributes, "dtype": equation.attributes["dtype"]}
            equation = source.replace(attributes=attributes, outputs=equation.outputs)
        if equation.op.name == "dimension":
            made[equation.flat_outputs[0]] = equation
        equations.append(equation)
    return graph.replace(equations=tuple(equations))
