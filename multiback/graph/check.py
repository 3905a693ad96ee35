"""What a valid graph is. Run after tracing, after passes and before lowering."""

from __future__ import annotations

from multiback.errors import GraphError
from multiback.graph.dims import Dim, names
from multiback.graph.ir import Graph, Literal, Value


def check(graph: Graph, *, allowed: frozenset[str] | None = None) -> Graph:
    """Returns the graph when it is valid.

    Rules: every value is defined once and before its use; sub-graphs are closed (they see only their own inputs); every
    symbolic size of the body occurs among the inputs' sizes; state updates keep shape and dtype; with `allowed`, only
    those ops occur.

    Raises:
        GraphError: naming the equation and the rule.
    """
    defined: set[Value] = set(graph.constants)
    for value in graph.inputs:
        if value in defined:
            raise GraphError(f"Graph {graph.name}: input {value!r} occurs twice.")
        defined.add(value)
    sizes = {n for v in graph.inputs for d in v.shape if isinstance(d, Dim) and (n := d.name)}
    for i, equation in enumerate(graph.equations):
        where = f"Graph {graph.name}, equation {i} ({equation.op.name})"
        if allowed is not None and equation.op.name not in allowed:
            raise GraphError(f"{where}: this op is not allowed here.")
        for operand in equation.flat_inputs:
            if isinstance(operand, Value) and operand not in defined:
                raise GraphError(f"{where}: operand {operand!r} is used before it is defined.")
        for value in equation.flat_outputs:
            if value in defined:
                raise GraphError(f"{where}: output {value!r} is defined twice.")
            defined.add(value)
    for output in graph.outputs:
        if isinstance(output, Value) and output not in defined:
            raise GraphError(f"Graph {graph.name}: output {output!r} is not defined.")
    for position, index in enumerate(graph.updates):
        new, old = graph.outputs[position], graph.inputs[index]
        if index >= graph.state:
            raise GraphError(f"Graph {graph.name}: update {position} replaces input {index}, which is not state.")
        if isinstance(new, Literal) or new.shape != old.shape or new.dtype != old.dtype:
            raise GraphError(f"Graph {graph.name}: the new value of {old!r} is {new!r}; shape and dtype must stay.")
    if graph.state:
        unbound = {n for v in defined for d in v.shape if isinstance(d, Dim) for n in names(d)} - sizes
        if unbound:
            raise GraphError(f"Graph {graph.name}: no input has the bare size {', '.join(sorted(unbound))}.")
    for equation in graph.equations:
        for inner in equation.graphs.values():
            check(inner, allowed=allowed)
    return graph
