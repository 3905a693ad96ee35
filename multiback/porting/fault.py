"""Where a port departs from its original: an equation computed wrongly, or one that the original lacks.

A backend is at fault where an equation's result is not what the equation means, given the same operands; the
conformance kit's bisection finds that. Else the import is: the first value of the port that has no equal among the
values which the original computes on the way, although what it was computed from has one, tells where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multiback.backends.protocol import Adapter
from multiback.errors import MultibackError
from multiback.graph.ir import Equation, Value, flat
from multiback.porting.forward import ForwardGraph
from multiback.porting.imported import CannotRun, NativeModel
from multiback.testing.bisection import bisect
from multiback.testing.values import evaluate, written_out

_NEAR = 1e-3
"""Values of port and original count as one where they are this near, relative to the largest: far above rounding, far
below what another formula gives. It decides what is pointed at, never whether a port passes."""


def find_faults(
    form: ForwardGraph,
    native: NativeModel,
    adapter: Adapter,
    arrays: Sequence[np.ndarray],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> list[str]:
    """What is at fault for a port that failed, for a person to read.

    Arguments:
        form: The port.
        native: The original; looked into if it has a method `intermediates(args, kwargs)`.
        adapter: Where the port ran.
        arrays: One for each input of the graph.
        args, kwargs: What the original is called on.
    """
    found = []
    narrow = [np.asarray(a, v.dtype.numpy) for a, v in zip(arrays, form.graph.inputs)]
    try:
        guilty = bisect(form.graph, adapter, narrow[form.graph.state :], state=narrow[: form.graph.state])
    except MultibackError as error:
        guilty, found = None, [f"the equations could not be judged one by one: {error}"]
    if guilty is not None:
        return [*found, f"backend {adapter.name!r} computes this equation wrongly: {guilty}"]
    look = getattr(native, "intermediates", None)
    if look is None:
        return found
    try:
        values = [np.asarray(x.array) for x in look(args, dict(kwargs))]
    except CannotRun:
        return found
    departure = _first_departure(form, narrow, values)
    return [*found, departure] if departure else found


def _first_departure(form: ForwardGraph, arrays: Sequence[np.ndarray], originals: Sequence[np.ndarray]) -> str:
    known: dict[int, list[np.ndarray]] = {}
    for x in (*originals, *arrays):
        if x.dtype.kind in "fiub":
            known.setdefault(x.size, []).append(np.sort(x.astype(np.float64), axis=None))
    graph = written_out(form.graph)
    computed: list[tuple[Equation, np.ndarray]] = []

    def after(equation: Equation, _: Any, __: Any, results: list[np.ndarray]) -> list[np.ndarray]:
        computed.extend((equation, y) for y in results[:1])
        return results

    evaluate(graph, arrays, after=after)
    met: dict[Value, bool] = dict.fromkeys([*graph.inputs, *graph.constants], True)
    reached: dict[Value, Equation] = {}
    for equation, y in computed:
        value = equation.flat_outputs[0]
        met[value] = _known(y, known)
        reached[value] = equation
    # A step that the original takes in another way is no departure if both meet again behind it.
    for equation, _ in reversed(computed):
        if met.get(equation.flat_outputs[0]):
            for x in flat(equation.inputs):
                if isinstance(x, Value):
                    met[x] = True
    for equation, y in computed:
        if not met[equation.flat_outputs[0]] and all(met.get(x, True) for x in flat(equation.inputs)):
            where = f" in {equation.scope}" if equation.scope else ""
            return (
                f"the import departs at {equation.op.name}{where}: its result {list(y.shape)} has no equal among "
                f"the {len(originals)} values that the original computes, although its operands have"
            )
    return ""


def _known(y: np.ndarray, known: Mapping[int, Sequence[np.ndarray]]) -> bool:
    if y.dtype.kind not in "fiub" or not y.size:
        return True
    mine = np.sort(y.astype(np.float64), axis=None)
    scale = np.abs(mine[np.isfinite(mine)]).max(initial=0.0)
    with np.errstate(invalid="ignore"):
        return any(
            np.nan_to_num(np.abs(mine - other), nan=0.0).max(initial=0.0) <= _NEAR * scale
            for other in known.get(y.size, ())
        )
