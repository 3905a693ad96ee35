"""What of a graph a target cannot write."""

from __future__ import annotations

from multiback.graph import passes
from multiback.graph.ir import Graph
from multiback.porting.outline.preparing import without_keys
from multiback.porting.source.target import Target


def unsupported_ops(graph: Graph, target: Target) -> list[str]:
    """The primitives of a graph that a target has no entry for, once for each place where they stand."""
    if target.native_random:
        graph = without_keys(graph)
    graph = passes.expand(graph, target.keeps)
    return [e.op.name for e in graph.walk() if target.template(e) is None]
