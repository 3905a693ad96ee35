"""Unsigned integers of 16, 32 and 64 bits, for which PyTorch has few kernels: computed in int64, and cast back."""

from __future__ import annotations

from typing import Any

from multiback import dtypes
from multiback.graph.ir import Equation, Graph, Literal, Value, map_tuple
from multiback.graph.op import OPS

UNSIGNED = frozenset({dtypes.uint16, dtypes.uint32, dtypes.uint64})
SUPPORTED = frozenset({"cast", "reshape", "transpose", "broadcast_to", "stop_gradient", "bitcast"})
"""Ops that PyTorch's kernels do on these dtypes."""


def in_int64(graph: Graph) -> Graph:
    """The same graph with the equations on these dtypes between casts.

    uint16 and uint32 fit, and sums, products and bits of uint64 wrap alike; its order and quotients are right below
    2^63.
    """
    if not any(v.dtype in UNSIGNED for e in graph.walk() for v in [*e.flat_inputs, *e.flat_outputs]):
        return graph
    equations: list[Equation] = []
    for equation in graph.equations:
        inner = {k: in_int64(g) for k, g in equation.graphs.items()}
        if inner:
            equations.append(equation.replace(attributes={**equation.attributes, **inner}))
        elif equation.op.name in SUPPORTED:
            equations.append(equation)
        else:
            equations += _between_casts(equation)
    return graph.replace(equations=tuple(equations))


def _between_casts(equation: Equation) -> list[Equation]:
    before: list[Equation] = []
    after: list[Equation] = []

    def operand(x: Any) -> Any:
        if x is None or x.dtype not in UNSIGNED:
            return x
        if isinstance(x, Literal):
            return Literal(x.value, dtypes.int64)
        wide = Value(x.shape, dtypes.int64)
        before.append(_cast(x, wide))
        return wide

    def result(x: Value) -> Value:
        if x.dtype not in UNSIGNED:
            return x
        wide = Value(x.shape, dtypes.int64)
        after.append(_cast(wide, x))
        return wide

    computed = equation.replace(inputs=map_tuple(operand, equation.inputs), outputs=map_tuple(result, equation.outputs))
    return [*before, computed, *after]


def _cast(x: Value, y: Value) -> Equation:
    return Equation(OPS["cast"], (x,), {"dtype": y.dtype}, y)
