"""The float64 reference of a graph."""

from __future__ import annotations

from typing import Any

from multiback import dtypes
from multiback.graph.ir import Graph, Literal, Value, map_tuple


def widen(graph: Graph) -> Graph:
    """The same graph with every float computed in float64: the reference that rounding is judged against."""

    def wide(dtype: dtypes.DType) -> dtypes.DType:
        return {"f": dtypes.float64, "c": dtypes.complex128}.get(dtype.kind, dtype)

    def convert(graph: Graph) -> Graph:
        env: dict[Value, Value] = {}

        def value(v: Value) -> Value:
            if v not in env:
                env[v] = Value(v.shape, wide(v.dtype), v.name)
            return env[v]

        def operand(x: Any) -> Any:
            if isinstance(x, Literal):
                return Literal(x.value, wide(x.dtype))
            return value(x) if isinstance(x, Value) else x

        def attribute(x: Any) -> Any:
            if isinstance(x, Graph):
                return convert(x)
            return wide(x) if isinstance(x, dtypes.DType) else x

        equations = tuple(
            e.replace(
                inputs=map_tuple(operand, e.inputs),
                outputs=map_tuple(value, e.outputs),
                attributes={k: attribute(v) for k, v in e.attributes.items()},
            )
            for e in graph.equations
        )
        return graph.replace(
            inputs=tuple(map(value, graph.inputs)),
            equations=equations,
            outputs=tuple(map(operand, graph.outputs)),
            constants={value(v): a.astype(wide(v.dtype).numpy) for v, a in graph.constants.items()},
        )

    return convert(graph)
