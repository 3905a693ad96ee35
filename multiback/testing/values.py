"""Graphs evaluated equation by equation by each op's NumPy meaning: the basis of finding what went wrong, and where."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from multiback import dtypes, tree
from multiback.graph import dims, gradient, passes
from multiback.graph.dims import Dim
from multiback.graph.ir import Equation, Graph, Literal, Value, flat, map_tuple
from multiback.graph.slices import Slice
from multiback.graph.source import _wants_specs

After = Callable[[Equation, tuple[Any, ...], dict[str, Any], list[np.ndarray]], list[np.ndarray]]
"""`after(equation, operands, attributes, results) -> results`: sees, and may change, what each equation gave."""


class Stop(Exception):
    """Raised by an `after` to end an evaluation."""


@functools.lru_cache(maxsize=256)
def written_out(graph: Graph) -> Graph:
    """The graph in primitives only: gradients written out, composites expanded."""
    return passes.dead_code(passes.expand(gradient.expand_gradients(graph)))


def sizes_of(graph: Graph, inputs: Sequence[np.ndarray]) -> dict[str, int]:
    """The named sizes, as the shapes of these inputs give them."""
    axes = (pair for v, a in zip(graph.inputs, inputs) for pair in zip(v.shape, np.shape(a)))
    return {size.name: n for size, n in axes if isinstance(size, Dim) and size.name}


def evaluate(
    graph: Graph,
    inputs: Sequence[np.ndarray],
    *,
    wide: bool = False,
    after: After | None = None,
    sizes: Mapping[str, int] | None = None,
) -> list[np.ndarray]:
    """The outputs of a graph of primitives on NumPy arrays.

    Arguments:
        graph: As `written_out` makes it.
        inputs: One array per input.
        wide: Whether every float is computed in float64, whatever its dtype in the graph.
        after: Called after each equation, those of sub-graphs included.
        sizes: The named sizes; default: what the inputs' shapes say.

    Returns:
        One array per output.
    """
    sizes = {**(sizes or {}), **sizes_of(graph, inputs)}

    def kind(dtype: dtypes.DType) -> np.dtype:
        return np.dtype(np.float64) if wide and dtype.is_float else dtype.numpy

    def attribute(x: Any) -> Any:
        if isinstance(x, Graph):
            return lambda *arrays: tuple(evaluate(x, arrays, wide=wide, after=after, sizes=sizes))
        if isinstance(x, dtypes.DType):
            return dtypes.float64 if wide and x.is_float else x
        if isinstance(x, Dim):
            return dims.evaluate(x, sizes)
        if isinstance(x, Slice):
            return Slice(*(attribute(part) for part in (x.start, x.stop, x.step)))
        return tuple(map(attribute, x)) if isinstance(x, tuple) else x

    def array(x: Any) -> Any:
        if isinstance(x, Literal):
            return np.asarray(x.value, kind(x.dtype))
        return None if x is None else env[x]

    env: dict[Value, np.ndarray] = {v: np.asarray(a, kind(v.dtype)) for v, a in zip(graph.inputs, inputs)}
    env.update({v: np.asarray(a, kind(v.dtype)) for v, a in graph.constants.items()})
    uses = Counter(x for e in graph.equations for x in e.flat_inputs if isinstance(x, Value))
    uses.update(x for x in graph.outputs if isinstance(x, Value))
    with np.errstate(all="ignore"):
        for equation in graph.equations:
            operands = map_tuple(array, equation.inputs)
            attributes = {k: attribute(v) for k, v in equation.attributes.items()}
            meaning: Any = equation.op.numpy
            extra = {}
            if _wants_specs(meaning):
                extra["output_specs"] = map_tuple(lambda v: (attribute(v.shape), attribute(v.dtype)), equation.outputs)
            found = list(flat(meaning(*operands, **attributes, **extra)))
            found = [np.asarray(y, kind(v.dtype)) for v, y in zip(equation.flat_outputs, found)]
            if after is not None:
                found = after(equation, operands, attributes, found)
            env.update(zip(equation.flat_outputs, found))
            for x in equation.flat_inputs:
                uses[x] -= 1  # type: ignore[index]
                if not uses[x]:  # type: ignore[index]
                    env.pop(x, None)  # type: ignore[arg-type]
    return [array(x) for x in graph.outputs]


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
    graph = written_out(graph)
    top = set(graph.equations)

    def after(equation: Equation, _: Any, __: Any, results: list[np.ndarray]) -> list[np.ndarray]:
        if equation in top and look(equation, results):
            raise Stop
        return results

    try:
        return evaluate(graph, inputs, after=after)
    except Stop:
        return []


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
