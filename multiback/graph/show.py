"""Graphs as text: one line per equation, with names, dtypes, shapes and the layer it came from."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

from multiback.graph.ir import Graph, Literal, Value, map_tuple


def show(graph: Graph, *, indent: str = "", names: dict[Value, str] | None = None) -> str:
    """The graph as readable text, sub-graphs indented below their equation.

    Example:
        graph train_step(dense/kernel: f32[4, 2], x: f32[batch, 4])
          a: f32[batch, 2] = matmul x dense/kernel    # dense
          return a
    """
    names = {} if names is None else names
    fresh = (n for n in _letters() if n not in names.values())
    for i, value in enumerate(graph.inputs):
        names[value] = value.name or f"x{i}"
    for i, value in enumerate(graph.constants):
        names[value] = f"constant_{i}"
    inputs = ", ".join(f"{names[v]}: {v.spec}" for v in graph.inputs)
    lines = [f"{indent}graph {graph.name}({inputs})"]
    lines += [f"{indent}  {names[v]}: {v.spec} = constant" for v in graph.constants]
    for equation in graph.equations:
        targets = []
        for value in equation.flat_outputs:
            names[value] = next(fresh)
            targets.append(f"{names[value]}: {value.spec}")
        shown = {
            k: v
            for k, v in equation.attributes.items()
            if not isinstance(v, Graph) and v is not None and v is not False and v != ()
        }
        attributes = " ".join(f"{k}={_attribute(v)}" for k, v in shown.items())
        operands = " ".join(_operand(x, names) for x in equation.inputs)
        text = f"{indent}  {', '.join(targets)} = {equation.op.name} {operands}"
        text += f" [{attributes}]" if attributes else ""
        lines.append(f"{text:<70}  # {equation.scope}" if equation.scope else text)
        for key, inner in equation.graphs.items():
            lines.append(f"{indent}    {key}:")
            lines.append(show(inner, indent=indent + "      ", names=dict(names)))
    result = [_operand(x, names) for x in graph.outputs]
    states = [f"{graph.inputs[i].name or names[graph.inputs[i]]} <- {r}" for i, r in zip(graph.updates, result)]
    lines += [f"{indent}  {line}" for line in states]
    lines.append(f"{indent}  return {', '.join(result[len(graph.updates) :])}")
    return "\n".join(lines)


def _letters() -> Iterator[str]:
    for length in itertools.count(1):
        for letters in itertools.product("abcdefghijklmnopqrstuvwxyz", repeat=length):
            yield "".join(letters)


def _operand(x: Any, names: dict[Value, str]) -> str:
    if isinstance(x, tuple):
        return f"({' '.join(_operand(i, names) for i in x)})"
    if x is None:
        return "_"
    return repr(x.value) if isinstance(x, Literal) else names.get(x, "?")


def _attribute(x: Any) -> str:
    if isinstance(x, tuple):
        return str(map_tuple(lambda i: i, x)).replace("'", "")
    return f"{x:g}" if isinstance(x, float) and math.isfinite(x) else str(x)
