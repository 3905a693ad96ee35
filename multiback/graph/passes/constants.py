"""What depends on constants only is computed once, on the host."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from multiback.graph.dims import Dim, Shape
from multiback.graph.ir import Equation, Graph, Literal, Value, flat, map_tuple


def fold_constants(graph: Graph, limit: int = 1 << 16) -> Graph:
    """Computes on the host what depends on constants only, where the result has at most `limit` elements."""
    constants = dict(graph.constants)
    kept = []
    for equation in graph.equations:
        if not _foldable(equation, constants, limit):
            kept.append(equation)
            continue
        arrays = map_tuple(lambda x: _as_array(x, constants), equation.inputs)
        with np.errstate(all="ignore"):
            result = equation.op.numpy(*arrays, **equation.attributes)  # type: ignore[misc]
        for value, array in zip(flat(equation.outputs), flat(result)):
            constants[value] = np.asarray(array, value.dtype.numpy)
    return graph.replace(equations=tuple(kept), constants=constants)


def _foldable(equation: Equation, constants: dict[Value, np.ndarray], limit: int) -> bool:
    if equation.op.numpy is None or equation.graphs or not equation.flat_inputs:
        return False
    if not all(isinstance(x, Literal) or x in constants for x in equation.flat_inputs):
        return False
    if any(isinstance(d, Dim) for a in equation.attributes.values() for d in flat(a)):
        return False
    return all(_elements(v.shape) <= limit for v in equation.flat_outputs)


def _elements(shape: Shape) -> float:
    known = [d for d in shape if not isinstance(d, Dim)]
    return math.prod(known) if len(known) == len(shape) else math.inf


def _as_array(x: Any, constants: dict[Value, np.ndarray]) -> Any:
    return np.asarray(x.value, x.dtype.numpy) if isinstance(x, Literal) else None if x is None else constants[x]
