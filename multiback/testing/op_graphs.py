"""The graphs and operands of an op's conformance cases, and their float64 reference."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.backends.protocol import Options
from multiback.backends.registry import get_adapter
from multiback.graph import passes
from multiback.graph.dims import Dim
from multiback.graph.ir import Graph, Spec, flat, map_tuple
from multiback.graph.op import OPS, Op
from multiback.graph.trace import trace
from multiback.ops._cases import Case, Sample
from multiback.testing.settings import SEED

SIZES = ({"batch": 4, "time": 3}, {"batch": 2, "time": 5})
EDGES = ({"batch": 1, "time": 4}, {"batch": 0, "time": 3})


def case_graph(op: Op, case: Case, dtype: str) -> Graph:
    """The graph that calls the op as the case says."""
    return _cached_graph(op.name, op.cases.index(case), dtype, 0)


def gradient_graph(op: Op, case: Case, dtype: str, order: int = 1) -> Graph:
    """The graph of the gradients, of first or second order, for each differentiated operand.

    The first order is that of a weighted sum of the op's float outputs; the second, that of a weighted sum of those.
    """
    return _cached_graph(op.name, op.cases.index(case), dtype, order)


def scalar_graph(op: Op, case: Case, dtype: str) -> Graph:
    """The graph of the weighted sum of the op's float outputs that `gradient_graph` differentiates."""
    return _cached_graph(op.name, op.cases.index(case), dtype, -1)


@functools.lru_cache(maxsize=4096)
def _cached_graph(op: str, index: int, dtype: str, order: int) -> Graph:
    case = OPS[op].cases[index]
    functions: dict[int, Callable[..., Any]] = {-1: _weighted_sum, 0: _call, 1: _gradients, 2: _second_gradients}
    return trace(
        functools.partial(functions[order], OPS[op], case), *_specs(case, dtypes.as_dtype(dtype)), name=op
    ).graph


@functools.lru_cache(maxsize=4096)
def reference(graph: Graph) -> Callable[..., Any]:
    """The graph on NumPy in float64, composites expanded."""
    wide = passes.widen(passes.expand(graph))
    executable = get_adapter("numpy").compile(wide, Options(fast=False))
    return lambda *arrays: executable.run((), arrays)[1]


def differentiated(case: Case, values: Any) -> list[int]:
    """The operands, by position, for which the case compares gradients."""
    floats = [i for i, v in enumerate(values) if dtypes.as_dtype(v.dtype).is_float]
    if case.differentiable is True:
        return floats
    return [i for i in floats if i in case.differentiable]  # type: ignore[operator]


def is_symbolic(case: Case) -> bool:
    """Whether any operand has an axis of symbolic size."""
    return any(isinstance(s, Sample) and any(isinstance(n, str) for n in s.shape) for s in flat(case.operands))


def draw(op: Op, case: Case, dtype: dtypes.DType, sizes: Mapping[str, int]) -> list[np.ndarray]:
    """The operands of a case, in the dtypes they are given to the adapter."""
    random = np.random.default_rng([zlib.crc32(f"{op.name}/{case.label}".encode()), *filter(None, [SEED.get()])])
    arrays = []
    for sample in flat(case.operands):
        if isinstance(sample, Sample):
            array = sample.draw(random, sizes)
            if sample.dtype is None and not dtype.is_float:
                array = np.trunc(array)
            with np.errstate(all="ignore"):
                arrays.append(array.astype(dtypes.as_dtype(sample.dtype).numpy if sample.dtype else dtype.numpy))
    return arrays


def wide(array: np.ndarray) -> np.ndarray:
    """The same numbers in float64, unless they are exact already."""
    return array.astype(np.float64) if dtypes.as_dtype(array.dtype).is_float else array


def scale_of(case: Case, arrays: list[np.ndarray]) -> Any:
    """The bound's scale for these operands; None where the bound counts units in the last place."""
    if case.bound.scale is None:
        return None
    rest = iter(map(wide, arrays))
    operands = [map_tuple(lambda s: next(rest) if isinstance(s, Sample) else s, o) for o in case.operands]
    with np.errstate(all="ignore"):
        return case.bound.scale(*operands, **case.attributes)


def operand_names(op: Op, case: Case) -> list[str]:
    """A name for each array of `draw`."""
    names = []
    for name, operand in zip(op.operands, case.operands):
        samples = [s for s in flat((operand,)) if isinstance(s, Sample)]
        names += [name] if len(samples) == 1 else [f"{name}[{i}]" for i in range(len(samples))]
    return names


def _specs(case: Case, dtype: dtypes.DType) -> Iterator[Spec]:
    for sample in flat(case.operands):
        if isinstance(sample, Sample):
            drawn = sample.draw(np.random.default_rng(0), SIZES[0])
            shape = tuple(Dim.named(n) if isinstance(n, str) else n for n in sample.shape)
            shape = drawn.shape if sample.values is not None else shape
            yield Spec(shape, dtypes.as_dtype(sample.dtype) if sample.dtype else dtype)


def _call(op: Op, case: Case, *values: Any) -> Any:
    rest = iter(values)
    operands = [map_tuple(lambda s: next(rest) if isinstance(s, Sample) else s, o) for o in case.operands]
    given = {n: o for n, o in zip(op.operands, operands) if o is not None}
    return op(**given, **case.attributes)


def _weighted_sum(op: Op, case: Case, *values: Any) -> Any:
    out = _call(op, case, *values)
    return _total(flat(out if isinstance(out, tuple) else (out,)))


def _gradients(op: Op, case: Case, *values: Any) -> Any:
    return _gradients_of(functools.partial(_weighted_sum, op, case), case, values)


def _second_gradients(op: Op, case: Case, *values: Any) -> Any:
    def first(*inner: Any) -> Any:
        gradients = _gradients(op, case, *inner)
        return _total(gradients if isinstance(gradients, tuple) else (gradients,))

    return _gradients_of(first, case, values)


def _gradients_of(function: Callable[..., Any], case: Case, values: tuple[Any, ...]) -> Any:
    wrt = differentiated(case, values)

    def scalar(*xs: Any) -> Any:
        given = list(values)
        for i, x in zip(wrt, xs):
            given[i] = x
        return function(*given)

    return ops.grad(scalar, argnums=tuple(range(len(wrt))))(*[values[i] for i in wrt])


def _total(outputs: Any) -> Any:
    total: Any = None
    for x in outputs:
        if x.dtype.is_float:
            term = ops.sum(x * ops.cos(_counter(x)))
            total = term if total is None else total + term
    return total


def _counter(x: Any) -> Any:
    """Different weights per element, so that a permuted gradient is noticed."""
    ones = ops.broadcast_to(ops.cast(1.0, x.dtype), x.shape)
    total = ones
    for i, axis in enumerate(reversed(range(x.ndim))):
        total = total + ops.cumsum(ones, axis=axis) * 0.5**i
    return total
