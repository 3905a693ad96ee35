"""A training step cut at its gradients, so that each part is judged on the arrays that the backend itself gave it.

Without the cut an error of rounding in a tiny gradient would be judged after an optimizer had divided by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback.graph import passes
from multiback.graph.ir import Graph, Value, flat
from multiback.testing.rounding import Spread, spreads

_GRADIENT = "value_and_grad"


@dataclass(frozen=True)
class Part:
    """A graph whose inputs and outputs are values of the whole.

    Attributes:
        graph: What is computed.
        gradients: For those of its outputs that are gradients, the name of what they are taken for.
    """

    graph: Graph
    gradients: Mapping[Value, str]


def parts(graph: Graph) -> list[Part]:
    """Each gradient of a graph, and all the rest as one, in an order in which they can be judged."""
    pure = graph.replace(state=0, updates=())
    cuts = [e for e in graph.equations if e.op.name == _GRADIENT]
    found = []
    for equation in cuts:
        inputs = tuple(dict.fromkeys(x for x in equation.flat_inputs if isinstance(x, Value)))
        outputs, gradients = (tuple(flat(part)) for part in equation.outputs)  # type: ignore[union-attr]
        names = {g: x.name or "an intermediate" for g, x in zip(gradients, flat(equation.inputs[0]))}
        single = Graph(graph.name, inputs, (equation,), (*outputs, *gradients), constants=dict(graph.constants))
        found.append(Part(passes.dead_code(single), names))
    made = tuple(y for e in cuts for y in e.flat_outputs)
    rest = pure.replace(
        inputs=(*graph.inputs, *made),
        equations=tuple(e for e in graph.equations if e not in cuts),
        outputs=tuple(x for x in graph.outputs if isinstance(x, Value) and x not in {*made, *graph.inputs}),
    )
    return [*found, Part(passes.dead_code(rest), {})]


def wanted(graph: Graph) -> tuple[Value, ...]:
    """The values that must be known to judge every part: their inputs and outputs that are computed."""
    values = [v for p in parts(graph) for v in (*p.graph.inputs, *p.graph.outputs)]
    given = {*graph.inputs}
    return tuple(v for v in dict.fromkeys(values) if isinstance(v, Value) and v not in given)


def observed(graph: Graph) -> Graph:
    """The graph with all that is `wanted` among its results."""
    known = set(graph.outputs)
    return graph.replace(outputs=(*graph.outputs, *(v for v in wanted(graph) if v not in known)))


def references(part: Part, values: Mapping[Value, np.ndarray], cache: dict[Any, list[Spread]]) -> list[Spread]:
    """The float64 results of a part on these values, and how far rounding may move them."""
    arrays = [values[v] for v in part.graph.inputs]
    digest = hashlib.blake2b()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    key = id(part), digest.digest()
    if key not in cache:
        cache[key] = spreads(part.graph, arrays)
    return cache[key]
