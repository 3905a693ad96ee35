"""Graphs run equation by equation, with a look at every value: the basis of finding what went wrong, and where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import tree
from multiback.backends.registry import get_adapter
from multiback.graph import gradient, passes
from multiback.graph.dims import Dim
from multiback.graph.ir import Equation, Graph, Literal, Value, flat


def run_equations(
    graph: Graph, inputs: Sequence[np.ndarray], look: Callable[[Equation, Sequence[np.ndarray]], bool]
) -> list[np.ndarray]:
    """Runs a graph on the NumPy reference and shows each equation's outputs to `look`, which may return True to stop.

    Arguments:
        graph: Gradients are written out and composites expanded before it runs.
        inputs: One array per input.
        look: Called with each equation and its output arrays.

    Returns:
        The outputs; an empty list when `look` stopped the run.
    """
    adapter = get_adapter("numpy")
    graph = passes.dead_code(passes.expand(gradient.expand_gradients(graph)))
    env: dict[Value, np.ndarray] = dict(zip(graph.inputs, inputs))
    env.update(graph.constants)
    axes = (pair for v, a in zip(graph.inputs, inputs) for pair in zip(v.shape, a.shape))
    sizes = {size.name: n for size, n in axes if isinstance(size, Dim) and size.name}
    for equation in graph.equations:
        operands = [x for x in dict.fromkeys(equation.flat_inputs) if isinstance(x, Value)]
        single = Graph("equation", (*_carriers(sizes), *operands), (equation,), tuple(equation.flat_outputs))
        carried = [np.zeros(n, np.int8) for n in sizes.values()]
        results = adapter.compile(single).run((), [*carried, *(env[x] for x in operands)])[1]
        env.update(zip(equation.flat_outputs, results))
        if look(equation, results):
            return []
    return [np.asarray(x.value) if isinstance(x, Literal) else env[x] for x in graph.outputs]


def _carriers(sizes: dict[Any, int]) -> list[Value]:
    """Inputs whose only purpose is to bind the symbolic sizes."""
    from multiback.dtypes import int8
    from multiback.graph.dims import Dim

    return [Value((Dim.named(n),), int8, f"size_{n}") for n in sizes]


def first_nonfinite_equation(traced: Any, batch: Any) -> Equation | None:
    """The first equation of a traced step with a NaN or infinite output although its inputs are finite."""
    state = [v.numpy() for v in traced.variables]
    arrays = [a for a in tree.leaves(tuple(batch)) if a is not None]
    found: list[Equation] = []
    seen: dict[Value, bool] = {}

    def look(equation: Equation, outputs: Sequence[np.ndarray]) -> bool:
        finite = [bool(np.all(np.isfinite(a))) if a.dtype.kind not in "biu" else True for a in outputs]
        clean = all(seen.get(x, True) for x in flat(equation.inputs) if isinstance(x, Value))
        seen.update(zip(equation.flat_outputs, finite))
        if clean and not all(finite):
            found.append(equation)
            return True
        return False

    run_equations(traced.graph, [*state, *arrays], look)
    return found[0] if found else None
