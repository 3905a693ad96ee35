"""Graphs with named inputs and outputs, what rounding alone may do to their results, and what a backend gives.

To compile less, many of them run as one graph; if that fails, each runs alone, so that an error is that of its own.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from multiback.backends.protocol import Adapter, Options
from multiback.graph.ir import Graph
from multiback.testing.rounding import Spread, spreads

T = TypeVar("T")
_LOG = logging.getLogger(__name__)

GROUP = 10
"""Few enough that processes which share the checks compile little twice; more would save little."""


@dataclass(frozen=True, eq=False)
class NamedGraph:
    """A graph without state, its operands by name, and names of its outputs."""

    graph: Graph
    inputs: Mapping[str, np.ndarray]
    outputs: tuple[str, ...]


@functools.cache
def expected(graph: NamedGraph) -> list[Spread]:
    """The float64 results, and how far rounding alone moves them."""
    return spreads(graph.graph, list(graph.inputs.values()))


def computed(
    graph: NamedGraph, together: tuple[NamedGraph, ...], adapter: Adapter, *, fast: bool = True
) -> list[np.ndarray]:
    """What a backend gives for one of several graphs that run as one.

    Arguments:
        graph: One of them.
        together: All of them; sizes of the same name are equal.
        adapter: Where they run.
        fast: Whether native versions of composites are used.
    """
    found = _results(together, adapter, fast)
    return found[graph] if found else computed_alone(graph, adapter, fast=fast)


def neighbours(items: Sequence[T], item: T) -> Sequence[T]:
    """The group of items that an item belongs to, when they are divided into groups to run as one."""
    start = items.index(item) // GROUP * GROUP
    return items[start : start + GROUP]


def computed_alone(graph: NamedGraph, adapter: Adapter, *, fast: bool = True) -> list[np.ndarray]:
    """What a backend gives for one graph."""
    return _run([graph], adapter, fast)[0]


@functools.cache
def _results(together: tuple[NamedGraph, ...], adapter: Adapter, fast: bool) -> dict[NamedGraph, list[np.ndarray]]:
    """By graph; empty if they cannot run as one."""
    try:
        return dict(zip(together, _run(together, adapter, fast)))
    except Exception as error:
        _LOG.info("%d graphs run one by one on %s: %s", len(together), adapter.name, error)
        return {}


def _run(parts: Sequence[NamedGraph], adapter: Adapter, fast: bool) -> list[list[np.ndarray]]:
    graphs = [part.graph for part in parts]
    joint = Graph(
        graphs[0].name if len(graphs) == 1 else "together",
        tuple(x for g in graphs for x in g.inputs),
        tuple(e for g in graphs for e in g.equations),
        tuple(y for g in graphs for y in g.outputs),
        constants={k: v for g in graphs for k, v in g.constants.items()},
    )
    executable = adapter.compile(joint, Options(fast=fast))
    found = map(adapter.to_numpy, executable(*(a for part in parts for a in part.inputs.values())))
    return [[next(found) for _ in g.outputs] for g in graphs]
