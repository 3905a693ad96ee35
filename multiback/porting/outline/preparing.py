"""What is done to a graph before it is outlined: only what makes it shorter without moving anything between blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback.graph import passes
from multiback.graph.ir import Equation, Graph, Value
from multiback.graph.passes.rewriting import rewrite
from multiback.porting.outline.layout import channels_second

DRAWS = frozenset(["random_bits", "uniform", "bernoulli", "normal", "dropout"])
"""The ops that draw random numbers with a key."""

_OFF = passes.PASSES - {"identities", "movement", "branches", "dead_code"}


def prepare(graph: Graph, keep: Callable[[Equation], bool], *, channels_first: bool, native_random: bool) -> Graph:
    """The graph as it is printed.

    Arguments:
        graph: The forward pass in one form.
        keep: Whether the target writes a composite as one expression; others are expanded.
        channels_first: Whether images have their channels after the batch in the framework.
        native_random: Whether draws are the framework's own, which need no keys.
    """
    if native_random:
        graph = without_keys(graph)
    graph = passes.optimize(graph, off=_OFF)
    graph = passes.expand(graph, keep)
    if channels_first:
        graph = channels_second(graph)
    return passes.optimize(rewrite(_without_fresh_state(graph), [_SAME]), off=_OFF)


def _either(equation: Equation, sweep: Any) -> Any:
    x, other = equation.inputs
    return x if x is other else None


_SAME = {"logical_or": _either, "logical_and": _either}
"""x or x, x and x: the masks of layers that are called on one value twice."""


def without_keys(graph: Graph) -> Graph:
    """The graph whose draws take no keys, and whose counter of draws stays as it is."""
    if not any(_keyed(e) for e in graph.walk()):
        return graph
    equations = []
    for equation in graph.equations:
        if _keyed(equation):
            at = equation.op.operands.index("key")
            inputs = tuple(None if i == at else x for i, x in enumerate(equation.inputs))
            equation = equation.replace(inputs=inputs)
        equations.append(
            equation.replace(
                attributes={**equation.attributes, **{k: without_keys(g) for k, g in equation.graphs.items()}}
            )
        )
    return graph.replace(equations=tuple(equations))


def _keyed(equation: Equation) -> bool:
    return equation.op.name in DRAWS


def _without_fresh_state(graph: Graph) -> Graph:
    """The graph without the updates of state that nothing but its own update reads, such as a counter of draws."""
    made = {v: e for e in graph.equations for v in e.flat_outputs}
    results = {x for x in graph.results if isinstance(x, Value)}
    kept = []
    for place, index in enumerate(graph.updates):
        needed = results | {x for i, x in enumerate(graph.outputs[: len(graph.updates)]) if i != place}
        if _reads(needed, made, graph.inputs[index]) or not _only_counts(graph, place, made):
            kept.append(place)
    if len(kept) == len(graph.updates):
        return graph
    outputs = tuple(graph.outputs[i] for i in kept) + graph.results
    return graph.replace(outputs=outputs, updates=tuple(graph.updates[i] for i in kept))


def _only_counts(graph: Graph, place: int, made: dict[Value, Equation]) -> bool:
    """Whether a state's update depends on that state alone, and counts: it is an integer."""
    state, new = graph.inputs[graph.updates[place]], graph.outputs[place]
    if not isinstance(new, Value) or new.dtype.kind not in "iu" or not _is_counter_of_draws(str(state.name)):
        return False
    return all(not _reads({new}, made, v) for v in graph.inputs if v is not state)


def _is_counter_of_draws(name: str) -> bool:
    parts = name.split("/")
    return parts[-1] == "random_state" or parts[-2:-1] == ["seed_generator"]


def _reads(values: set[Any], made: dict[Value, Equation], what: Value) -> bool:
    seen: set[Value] = set()
    stack = [v for v in values if isinstance(v, Value)]
    while stack:
        value = stack.pop()
        if value is what:
            return True
        if value in seen or value not in made:
            continue
        seen.add(value)
        stack += [x for x in made[value].flat_inputs if isinstance(x, Value)]
    return False
