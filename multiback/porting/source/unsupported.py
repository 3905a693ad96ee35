"""What of a graph a target cannot write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from multiback.graph import passes
from multiback.graph.ir import Graph
from multiback.porting.outline.preparing import without_keys
from multiback.porting.source.target import Target
from multiback.porting.unsupported import Lacking, refuse

_DRAWS = frozenset({"bernoulli", "dropout", "normal", "random_bits", "uniform"})

_REMEDY = "Nothing was written. Where only the form for training needs them, pass training=False."


def unsupported_ops(graph: Graph, target: Target) -> list[str]:
    """The primitives of a graph that a target has no entry for, once for each place where they stand."""
    if target.native_random:
        graph = without_keys(graph)
    graph = passes.expand(graph, target.keeps)
    lacking = [e.op.name for e in graph.walk() if target.template(e) is None]
    if not target.draws_inside:
        inner = [(e, x) for e in graph.walk() for body in e.graphs.values() for x in body.equations]
        lacking += [f"{x.op.name} inside {e.op.name}" for e, x in inner if x.op.name in _DRAWS]
    return lacking


def refuse_unsupported(graphs: Iterable[Graph], target: Target, name: str) -> None:
    """Checks that a target can write all ops of a model.

    Raises:
        UnsupportedModel: naming all that it cannot.
    """
    lacking: Counter[str] = Counter()
    for graph in graphs:
        lacking |= Counter(unsupported_ops(graph, target))
    if lacking:
        refuse(target.name, name, [Lacking(op, n) for op, n in lacking.items()], _REMEDY)
