"""The numbers of a value that the graph being recorded computes from constants alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.backends.protocol import Options
from multiback.graph.dims import Dim
from multiback.graph.ir import Equation, Graph, Value, flat
from multiback.graph.trace import current_builder

_LARGEST = 1 << 20


def computed(value: Any) -> np.ndarray | None:
    """The numbers of a value, or None if it depends on an input, a weight or a symbolic size."""
    builder = current_builder()
    if builder is None or not isinstance(value, Value) or any(isinstance(size, Dim) for size in value.shape):
        return None
    if value in builder.constants:
        return builder.constants[value]
    makers = {output: equation for equation in builder.equations for output in equation.flat_outputs}
    needed = _needed(value, makers, builder.constants)
    if needed is None:
        return None
    from multiback.backends.registry import get_adapter

    constants = {v: a for v, a in builder.constants.items() if any(v in e.flat_inputs for e in needed)}
    graph = Graph("constants", (), tuple(needed), (value,), constants=constants)
    result = get_adapter("numpy").compile(graph, Options())()
    return np.asarray(result[0])


def _needed(value: Value, makers: dict[Value, Equation], constants: dict[Value, np.ndarray]) -> list[Equation] | None:
    """The equations that compute a value from constants, in order; None if it depends on anything else."""
    wanted, seen, waiting = set(), set(), [value]
    while waiting:
        item = waiting.pop()
        if item in seen or item in constants:
            continue
        seen.add(item)
        equation = makers.get(item)
        if equation is None or equation.graphs or _symbolic(equation):
            return None
        wanted.add(id(equation))
        waiting += [x for x in equation.flat_inputs if isinstance(x, Value)]
    order: dict[int, Equation] = {}
    for equation in makers.values():
        if id(equation) in wanted:
            order[id(equation)] = equation
    return list(order.values())


def _symbolic(equation: Equation) -> bool:
    return any(isinstance(item, Dim) for item in flat(tuple(equation.attributes.values()))) or any(
        isinstance(size, Dim) for output in equation.flat_outputs for size in output.shape
    )
