"""The functions of sub-graphs: branches and the bodies of loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from multiback.graph.ir import Graph, Literal, Value
from multiback.porting.outline.blocks import Block, Statement
from multiback.porting.source import naming

if TYPE_CHECKING:
    from multiback.porting.source.body import Body


def inner_function(graph: Graph, name: str, around: Body) -> list[str]:
    """The lines of a function that computes a sub-graph, which gets all that it uses as arguments."""
    from multiback.porting.source.body import Body, Context

    statements = [Statement(e.inputs, e.outputs, around.block.path, None, e) for e in graph.equations]
    block = Block(around.block.path, "", statements, list(graph.inputs), list(graph.outputs))
    context = around.context
    inner = Context(
        context.target,
        context.expressions,
        {},
        {},
        dict(graph.constants),
        context.written,
        context.sizes,
        context.chained,
    )
    body = Body(block, inner, lambda texts: f"({texts[0]},)" if len(texts) == 1 else ", ".join(texts) or "()")
    body.bound = {}
    labels: list[str] = []
    for value in graph.inputs:
        label = naming.snake((value.name or "").rpartition("/")[2]) or (
            "x" if naming.plain(value) == "y" else naming.plain(value)
        )
        labels.append(naming.unique(label, [*labels, *around.reserved]))
    body.parameters = labels
    body.locals = set(labels)
    body.names = dict(zip(graph.inputs, labels))
    body.outer = around
    _, lines = body.write()
    return [f"def {name}({', '.join(labels)}):", *("    " + line for line in lines), ""]


def literal(x: Literal) -> np.ndarray:
    """A number as an array."""
    return np.asarray(x.value, x.dtype.numpy)


__all__ = ["Value", "inner_function", "literal"]
