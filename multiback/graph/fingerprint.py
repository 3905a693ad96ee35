"""A short name for what a graph computes, the same in every process: names of layers and variables do not count."""

from __future__ import annotations

import hashlib
from typing import Any

from multiback.graph.ir import Graph, Literal, Value


def fingerprint(graph: Graph, *context: Any) -> str:
    """32 hexadecimal digits that differ when the ops, shapes, dtypes, constants or the order of state differ.

    Arguments:
        graph: The graph.
        context: What else must be the same, such as the expected sizes; written with `repr`.
    """
    digest = hashlib.sha256(repr(context).encode())
    _add(digest, graph, {})
    return digest.hexdigest()[:32]


def _add(digest: Any, graph: Graph, numbers: dict[Value, int]) -> None:
    def text(x: Any) -> str:
        if isinstance(x, tuple):
            return f"({' '.join(map(text, x))})"
        if isinstance(x, Value):
            return f"%{numbers.setdefault(x, len(numbers))}:{x.spec}"
        if isinstance(x, Literal):
            return f"{x.value!r}:{x.dtype}"
        return repr(x)

    lines = [f"{graph.state} {graph.updates} {text(graph.inputs)}"]
    for value, array in graph.constants.items():
        lines.append(f"{text(value)} {hashlib.sha256(array.tobytes()).hexdigest()}")
    for equation in graph.equations:
        attributes = " ".join(f"{k}={text(v)}" for k, v in equation.attributes.items() if not isinstance(v, Graph))
        lines.append(f"{equation.op.name} {text(equation.inputs)} {attributes}")
        digest.update("\n".join(lines).encode())
        lines = []
        for key, inner in equation.graphs.items():
            digest.update(f"\n{key}:\n".encode())
            _add(digest, inner, numbers)
        lines.append(text(equation.outputs))
    lines.append(text(graph.outputs))
    digest.update("\n".join(lines).encode())
