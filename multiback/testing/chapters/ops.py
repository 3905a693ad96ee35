"""Checks of the ops: values, gradients, second derivatives, against the float64 reference, at every case.

Values are compared at two sizes of the symbolic axes, at their edges (0 and 1), and from operands that are not
contiguous. A backend's own gradients are compared with those written out as equations; these, on adapters that have no
others, with finite differences.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

import multiback.ops  # noqa: F401  (registers the ops)
from multiback import dtypes
from multiback.backends.protocol import Adapter, Executable, Options
from multiback.graph.op import OPS, Op
from multiback.ops._cases import Case
from multiback.testing.finite_differences import directional_difference
from multiback.testing.judge import Verdict, judge
from multiback.testing.op_graphs import (
    EDGES,
    SIZES,
    case_graph,
    differentiated,
    draw,
    gradient_graph,
    is_symbolic,
    operand_names,
    reference,
    scalar_graph,
    scale_of,
    wide,
)
from multiback.testing.properties import agrees_on_draws, drawable
from multiback.testing.records import Check, Row, holds
from multiback.testing.rounding import spreads

KIND = "ops"
DRAWS = {False: (24, False), True: (200, True)}
"""Property-based draws of a case, and whether sizes are drawn too: small, and in the long sweep."""

HUGE = {"batch": 10_007, "time": 5}

FINITE_DIFFERENCE_BOUND = 1e-6
"""Of sum |g_i d_i|: extrapolated differences were measured to agree to 1e-8 where the function is smooth."""


def checks() -> Iterator[Check]:
    """All checks of all ops."""
    for op in OPS.values():
        yield from _checks_of(op)


def uncovered() -> list[str]:
    """Registered ops without a case."""
    return [name for name, op in OPS.items() if not op.cases]


def _checks_of(op: Op) -> Iterator[Check]:
    check = functools.partial(Check, KIND, op.name, family=op.module.rpartition(".")[2])
    derived = drawn = False
    for case in op.cases:
        for dtype in case.dtypes:
            yield check(case.label, dtype, functools.partial(run_case, op, case, dtype))
        first = case.dtypes[0]
        if op.composite:
            body = functools.partial(run_case, op, case, first, fast=False)
            has_fast = functools.partial(_has_fast, op.name)
            yield check(case.label, first, body, path="expanded", concerns=has_fast)
        rivals = functools.partial(run_rivals, op, case, first)
        yield check(case.label, first, rivals, path="rivals", concerns=functools.partial(_has_rivals, op, case))
        if drawable(case) and dtypes.as_dtype(first).is_float:
            for thorough in (False, True):
                draws = functools.partial(agrees_on_draws, op, case, first, *DRAWS[thorough])
                name = _joined(case.label, "many-draws" if thorough else "draws")
                yield check(name, first, draws, thorough=thorough or drawn)
            if is_symbolic(case):
                huge = functools.partial(run_huge, op, case, first)
                yield check(_joined(case.label, "huge"), first, huge, thorough=True)
            drawn = True
        if case.differentiable is not False and case.smooth and dtypes.as_dtype(first).is_float:
            for name, run, concerns in (
                ("second-derivatives", second_derivatives, _has_autodiff),
                ("finite-differences", finite_differences, _lacks_autodiff),
            ):
                partial = functools.partial(run, op, case)
                yield check(_joined(case.label, name), "float64", partial, thorough=derived, concerns=concerns)
            derived = True


def _joined(label: str, name: str) -> str:
    return f"{label}/{name}" if label else name


def _has_fast(name: str, adapter: Adapter) -> bool:
    return name in adapter.fast


def _has_rivals(op: Op, case: Case, adapter: Adapter) -> bool:
    """Whether another way covers the equation of this case."""
    ways = adapter.rivals.get(op.name, {}).values()
    if not ways:
        return False
    graph = adapter.prepare(case_graph(op, case, case.dtypes[0]), Options())
    return any(e.op.name == op.name and way.when(e) for e in graph.walk() for way in ways)


def _has_autodiff(adapter: Adapter) -> bool:
    return adapter.autodiff


def _lacks_autodiff(adapter: Adapter) -> bool:
    return not adapter.autodiff


def run_rivals(op: Op, case: Case, dtype: str, adapter: Adapter) -> Iterator[Row]:
    """As `run_case`, in each of the other ways that the adapter has to run the op."""
    for way in adapter.rivals[op.name]:
        for row in run_case(op, case, dtype, adapter, way=way):
            yield replace(row, what=f"{row.what}, {way}")


def run_case(
    op: Op, case: Case, dtype: str, adapter: Adapter, *, fast: bool = True, way: str = "usual"
) -> Iterator[Row]:
    """Compares one op with its float64 reference, and its gradients.

    Arguments:
        op: The op.
        case: How it is called.
        dtype: What the operands without a fixed dtype are cast to.
        adapter: Where it runs.
        fast: Whether native versions of composites are used; without, the body is judged.
        way: A name among the adapter's `rivals`; nothing is judged where it does not cover the case.
    """
    kind = dtypes.as_dtype(dtype)
    graph = case_graph(op, case, dtype)
    if case.result:
        expected = case.result[list(case.dtypes).index(dtype)]
        found = graph.outputs[0].dtype
        yield holds("dtype of the result", found == expected, f"{found}, expected {expected}")
    options = Options(fast=fast, variants=((op.name, way),))
    executable = adapter.compile(graph, options)
    if way != "usual" and not executable.variants:
        return
    for number, sizes in enumerate(_sizes(case, dtype, fast)):
        yield from _values(op, case, dtype, adapter, sizes, executable, views=number > 0)
    if case.differentiable is not False and kind.is_float:
        for precision in dict.fromkeys((dtype, "float64") if dtype == case.dtypes[0] else (dtype,)):
            yield from _gradients(op, case, precision, adapter, options)


def _values(
    op: Op,
    case: Case,
    dtype: str,
    adapter: Adapter,
    sizes: Mapping[str, int],
    executable: Executable,
    views: bool = False,
    c: float | None = None,
) -> Iterator[Row]:
    c = case.bound.c if c is None else c
    graph = case_graph(op, case, dtype)
    arrays = draw(op, case, dtypes.as_dtype(dtype), sizes)
    got = [adapter.to_numpy(x) for x in executable(*map(reversed_view, arrays) if views else arrays)]
    want = reference(graph)(*map(wide, arrays))
    scale = scale_of(case, arrays)
    for i, (value, g, w) in enumerate(zip(graph.outputs, got, want)):
        of = scale[i] if isinstance(scale, tuple) and len(graph.outputs) > 1 else scale
        verdict = judge(g, w, value.dtype, c=c, scale=of)
        what = f"output {i} at {sizes}" if is_symbolic(case) else f"output {i}"
        yield Row(what, verdict, dict(zip(operand_names(op, case), arrays)))


def run_huge(op: Op, case: Case, dtype: str, adapter: Adapter) -> Iterator[Row]:
    """Compares one op with its reference at a size that kernels split into blocks and threads, with a remainder.

    An op whose bound has a scale may sum n numbers one after the other, and its bound grows with sqrt(n).

    Source: Higham and Mary 2019, A new approach to probabilistic rounding error analysis.
    """
    growth = math.sqrt(HUGE["batch"] * HUGE["time"]) if case.bound.scale is not None else 1.0
    executable = adapter.compile(case_graph(op, case, dtype))
    yield from _values(op, case, dtype, adapter, HUGE, executable, c=case.bound.c * growth)


def second_derivatives(op: Op, case: Case, adapter: Adapter) -> Iterator[Row]:
    """Compares the gradient of a weighted sum of the gradients with the reference, in float64.

    Cancellation makes the written-out form no more accurate than the backend's, so the bound is what rounding alone may
    do to that form.
    """
    graph = gradient_graph(op, case, "float64", 2)
    arrays = draw(op, case, dtypes.float64, SIZES[0])
    got = adapter.compile(graph)(*arrays)
    for i, (x, spread) in enumerate(zip(got, spreads(graph, arrays))):
        verdict = spread.judge(adapter.to_numpy(x), dtypes.float64)
        yield Row(f"second derivative {i}", verdict, dict(zip(operand_names(op, case), arrays)))


def finite_differences(op: Op, case: Case, adapter: Adapter) -> Iterator[Row]:
    """Compares the gradients along a random direction with central differences of the values, in float64."""
    arrays = draw(op, case, dtypes.float64, SIZES[0])
    wrt = differentiated(case, arrays)
    random = np.random.default_rng(0)
    directions = [random.standard_normal(a.shape) if i in wrt else None for i, a in enumerate(arrays)]
    gradients = adapter.compile(gradient_graph(op, case, "float64"))(*arrays)
    scalar = adapter.compile(scalar_graph(op, case, "float64"))
    difference, _ = directional_difference(lambda *xs: adapter.to_numpy(scalar(*xs)[0]), arrays, directions)
    terms = [adapter.to_numpy(g) * directions[i] for i, g in zip(wrt, gradients)]
    got, scale = sum(float(t.sum()) for t in terms), sum(float(np.abs(t).sum()) for t in terms)
    part = (abs(got - difference) / scale if scale else abs(difference)) / FINITE_DIFFERENCE_BOUND
    text = f"gradient along a direction {got!r}, by differences {difference!r} ({part:.2g} of the bound)"
    inputs = dict(zip(operand_names(op, case), arrays))
    yield Row("directional derivative, as a part of its bound", Verdict(part <= 1.0, part, text, 1.0), inputs)


def _sizes(case: Case, dtype: str, fast: bool) -> Sequence[dict[str, int]]:
    """Both sizes and the edges in the case's first dtype; one size in the others, whose shapes behave alike."""
    if not is_symbolic(case) or not fast or dtype != case.dtypes[0]:
        return SIZES[:1]
    return SIZES + EDGES if case.edges else SIZES


def reversed_view(array: np.ndarray) -> np.ndarray:
    """The same numbers behind negative strides, so that an adapter which trusts the memory's order is noticed."""
    if array.ndim == 0:
        return array
    return np.flip(np.ascontiguousarray(np.flip(array)))


def _gradients(op: Op, case: Case, dtype: str, adapter: Adapter, options: Options) -> Iterator[Row]:
    graph = gradient_graph(op, case, dtype)
    arrays = draw(op, case, dtypes.as_dtype(dtype), SIZES[0])
    got = [adapter.to_numpy(x) for x in adapter.compile(graph, options)(*arrays)]
    want = reference(graph)(*map(wide, arrays))
    for i, (value, g, w) in enumerate(zip(graph.outputs, got, want)):
        verdict = judge(g, w, value.dtype, c=case.bound.gradient, scale=_largest(w))
        yield Row(f"gradient {i} in {dtype}", verdict, dict(zip(operand_names(op, case), arrays)))


def _largest(array: np.ndarray) -> float:
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max()) if finite.size else 1.0
