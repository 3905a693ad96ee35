"""Graph to graph rewrites, one concept per file. Each returns a graph with the same inputs, outputs and meaning."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from multiback.graph.ir import Equation, Graph, Spec
from multiback.graph.passes import branches, contractions, identities, movement
from multiback.graph.passes.batch_norm import fold_batch_norm
from multiback.graph.passes.common_subexpressions import common_subexpressions
from multiback.graph.passes.constants import fold_constants
from multiback.graph.passes.dead_code import dead_code
from multiback.graph.passes.expansion import expand, instantiate
from multiback.graph.passes.linear import fuse_linear
from multiback.graph.passes.loops import hoist
from multiback.graph.passes.rewriting import Rule, rewrite
from multiback.graph.passes.sizes import cast_sizes
from multiback.graph.passes.substitution import Substitution, substitute
from multiback.graph.passes.widening import widen

__all__ = [
    "PASSES",
    "Substitution",
    "cast_sizes",
    "common_subexpressions",
    "dead_code",
    "expand",
    "fold_batch_norm",
    "fold_constants",
    "fuse_linear",
    "hoist",
    "instantiate",
    "lower",
    "optimize",
    "specs",
    "substitute",
    "widen",
]

_RULES: dict[str, Mapping[str, Rule]] = {
    "identities": identities.RULES,
    "movement": movement.RULES,
    "branches": branches.RULES,
    "contractions": contractions.RULES,
}
_WHOLE: dict[str, Callable[[Graph], Graph]] = {
    "loops": hoist,
    "sizes": cast_sizes,
    "common_subexpressions": common_subexpressions,
    "constants": fold_constants,
}
PASSES = frozenset([*_RULES, *_WHOLE, "dead_code", "linear", "batch_norm"])
"""The names by which `Options.passes_off` leaves passes out."""


def lower(
    graph: Graph,
    keep: Callable[[Equation], bool],
    *,
    off: Collection[str] = (),
    sizes: Mapping[str, int] | None = None,
    inference: bool = True,
) -> Graph:
    """Composites expanded but for those that `keep` accepts, and the passes that follow from that.

    Arguments:
        graph: As `optimize` left it.
        keep: Whether the adapter runs a composite natively.
        off: The passes that are left out, of `PASSES`.
        sizes: The symbolic sizes that are expected, by name.
        inference: Whether no gradient flows through the graph but those it takes itself.
    """
    given = graph
    if "batch_norm" not in off and inference:
        graph = fold_batch_norm(graph, keep, sizes or {})
    if "linear" not in off:
        graph = fuse_linear(graph, keep)
    graph = expand(graph, keep)
    return graph if graph is given else optimize(graph, off=off)


def optimize(graph: Graph, *, off: Collection[str] = ()) -> Graph:
    """The passes that need not know the adapter, in sub-graphs too; `off` names those that are left out."""
    if any(e.graphs for e in graph.equations):
        graph = graph.replace(equations=tuple(_inside(e, off) for e in graph.equations))
    for name, whole in _WHOLE.items():
        if name not in off:
            graph = whole(graph)
    tables = [table for name, table in _RULES.items() if name not in off]
    graph = rewrite(graph, tables) if tables else graph
    return graph if "dead_code" in off else dead_code(graph)


def _inside(equation: Equation, off: Collection[str]) -> Equation:
    graphs = equation.graphs
    if not graphs:
        return equation
    inner = {k: optimize(g, off=off) for k, g in graphs.items()}
    return equation.replace(attributes={**equation.attributes, **inner})


def specs(graph: Graph) -> tuple[Spec, ...]:
    """The specs of a graph's inputs."""
    return tuple(v.spec for v in graph.inputs)
