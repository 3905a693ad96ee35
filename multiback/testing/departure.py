"""Where the results of a graph that runs as a whole first leave what rounding explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multiback.backends.protocol import Adapter, Options
from multiback.graph.ir import Equation, Graph, Value, flat
from multiback.testing.bisection import run_natively
from multiback.testing.judge import Verdict
from multiback.testing.rounding import spreads


@dataclass(frozen=True, eq=False)
class Departure:
    """The first equation whose accumulated result is out of its bound.

    Attributes:
        equation: The equation; who is guilty may stand before it, below its own bound.
        verdict: How far its result is from the float64 run of the whole graph.
    """

    equation: Equation
    verdict: Verdict

    def __str__(self) -> str:
        layer = f", layer {self.equation.scope}" if self.equation.scope else ""
        return f"{self.equation.op.name}{layer}: {self.verdict.text}"


def departure(
    graph: Graph,
    adapter: Adapter,
    inputs: Sequence[np.ndarray],
    *,
    state: Sequence[np.ndarray] = (),
    options: Options | None = None,
) -> Departure | None:
    """The first equation, in the order of the graph, whose accumulated result is out of its bound.

    Unlike `bisect`, which judges every equation on the inputs that the backend gave it, this runs the whole graph once
    with all its values as results, and compares each with the float64 run from the graph's own inputs.

    Arguments:
        graph: As traced; gradients and composites as they are.
        adapter: The backend.
        inputs: One array per argument of the graph.
        state: One array per state input.
        options: How the graph is compiled.

    Returns:
        The departure; None if no value is farther than 16 times what random rounding does.

    Example:
        >>> print(departure(traced.graph, get_adapter("torch"), [x, y], state=weights))
    """
    arrays = [np.asarray(a) for a in (*state, *inputs)]
    watched, makers = _watched(graph)
    found = run_natively(adapter.compile(watched, options or Options()), arrays)
    references = spreads(watched.replace(state=0, updates=()), arrays)
    first = len(watched.outputs) - len(makers)
    for equation, value, got, spread in zip(makers, watched.outputs[first:], found[first:], references[first:]):
        verdict = spread.judge(got, value.dtype)
        if not verdict.passed:
            return Departure(equation, verdict)
    return None


def _watched(graph: Graph) -> tuple[Graph, list[Equation]]:
    """The graph with every value among its results, and the equations that these last results come from."""
    equations, makers, values = [], [], []
    for equation in graph.equations:
        if equation.op.name == "value_and_grad":
            body: Graph = equation.attributes["body"]
            inner = [(e, y) for e in body.equations for y in e.flat_outputs]
            wider = body.replace(outputs=(*body.outputs, *(y for _, y in inner)))
            copies = [Value(y.shape, y.dtype) for _, y in inner]
            outputs, gradients = (tuple(flat(part)) for part in equation.outputs)  # type: ignore[union-attr]
            attributes = {**equation.attributes, "body": wider}
            equations.append(equation.replace(attributes=attributes, outputs=((*outputs, *copies), gradients)))
            makers += [*(e for e, _ in inner), *(equation for _ in gradients)]
            values += [*copies, *gradients]
        else:
            equations.append(equation)
            makers += [equation] * len(equation.flat_outputs)
            values += equation.flat_outputs
    return graph.replace(equations=tuple(equations), outputs=(*graph.outputs, *values)), makers
