"""Runs the cases of ops on an adapter and judges values, shapes, dtypes and gradients.

From the command line: `python -m multiback.testing.ops --backend torch --only softmax,conv`.
"""

from __future__ import annotations

import argparse
import functools
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.backends.protocol import Adapter, Options
from multiback.backends.registry import available_backends, get_adapter
from multiback.graph import passes
from multiback.graph.dims import Dim
from multiback.graph.ir import Graph, Spec, flat, map_tuple
from multiback.graph.op import OPS, Op
from multiback.graph.trace import trace
from multiback.ops._cases import Bound, Case, Sample
from multiback.testing.judge import Verdict, judge

SIZES = ({"batch": 4, "time": 3}, {"batch": 2, "time": 5})


@dataclass(frozen=True)
class Row:
    """One comparison: what was compared, and the verdict."""

    what: str
    verdict: Verdict


def check_case(op: Op, case: Case, adapter: Adapter, dtype: str, *, fast: bool = True) -> None:
    """Raises AssertionError with every comparison of `run_case` that failed."""
    failed = [
        f"{row.what}: {row.verdict.text}"
        for row in run_case(op, case, adapter, dtype, fast=fast)
        if not row.verdict.passed
    ]
    if failed:
        raise AssertionError(f"{op.name} [{case.label}] {dtype} on {adapter.name}:\n  " + "\n  ".join(failed))


def run_case(op: Op, case: Case, adapter: Adapter, dtype: str, *, fast: bool = True) -> Iterator[Row]:
    """Compares one op with its float64 reference at two sizes of the symbolic axes, and its gradients.

    Arguments:
        op: The op.
        case: How it is called.
        adapter: Where it runs.
        dtype: What the operands without a fixed dtype are cast to.
        fast: Whether native versions of composites are used; without, the body is judged.
    """
    kind = dtypes.as_dtype(dtype)
    graph = case_graph(op, case, dtype)
    executable = adapter.compile(graph, Options(fast=fast))
    symbolic = any(isinstance(s, Sample) and any(isinstance(n, str) for n in s.shape) for s in flat(case.operands))
    for sizes in SIZES[: 2 if symbolic else 1]:
        arrays = draw(op, case, kind, sizes)
        got = [adapter.to_numpy(x) for x in executable(*arrays)]
        want = reference(graph)(*map(_wide, arrays))
        scale = _scale(case, arrays, sizes)
        for i, (value, g, w) in enumerate(zip(graph.outputs, got, want)):
            verdict = judge(
                g,
                w,
                value.dtype,
                c=case.bound.c,
                scale=scale if len(graph.outputs) == 1 else scale[i] if isinstance(scale, tuple) else scale,
            )
            yield Row(f"output {i} at {sizes}" if symbolic else f"output {i}", verdict)
    if case.differentiable is not False and kind.is_float:
        yield from _gradient_rows(op, case, adapter, dtype, fast)


def _gradient_rows(op: Op, case: Case, adapter: Adapter, dtype: str, fast: bool) -> Iterator[Row]:
    for precision in dict.fromkeys((dtype, "float64")):
        kind = dtypes.as_dtype(precision)
        graph = gradient_graph(op, case, precision)
        arrays = draw(op, case, kind, SIZES[0])
        got = [adapter.to_numpy(x) for x in adapter.compile(graph, Options(fast=fast))(*arrays)]
        want = reference(graph)(*map(_wide, arrays))
        for i, (value, g, w) in enumerate(zip(graph.outputs, got, want)):
            finite = np.abs(w[np.isfinite(w)])
            scale = float(finite.max()) if finite.size else 1.0
            yield Row(f"gradient {i} in {precision}", judge(g, w, value.dtype, c=case.bound.gradient, scale=scale))


@functools.lru_cache(maxsize=4096)
def _cached_graph(op: str, index: int, dtype: str, gradient: bool) -> Graph:
    case = OPS[op].cases[index]
    specs = list(_specs(case, dtypes.as_dtype(dtype)))
    function = functools.partial(_gradients_of if gradient else _call, OPS[op], case)
    return trace(function, *specs, name=op).graph


def case_graph(op: Op, case: Case, dtype: str) -> Graph:
    """The graph that calls the op as the case says."""
    return _cached_graph(op.name, op.cases.index(case), dtype, False)


def gradient_graph(op: Op, case: Case, dtype: str) -> Graph:
    """The graph of the gradients of a weighted sum of the op's float outputs, for each differentiated operand."""
    return _cached_graph(op.name, op.cases.index(case), dtype, True)


@functools.lru_cache(maxsize=4096)
def reference(graph: Graph) -> Any:
    """The graph on NumPy in float64, composites expanded."""
    wide = passes.widen(passes.expand(graph))
    executable = get_adapter("numpy").compile(wide, Options(fast=False))
    return lambda *arrays: executable.run((), arrays)[1]


def _call(op: Op, case: Case, *values: Any) -> Any:
    rest = iter(values)
    operands = [map_tuple(lambda s: next(rest) if isinstance(s, Sample) else s, o) for o in case.operands]
    given = {n: o for n, o in zip(op.operands, operands) if o is not None}
    return op(**given, **case.attributes)


def _gradients_of(op: Op, case: Case, *values: Any) -> Any:
    floats = [i for i, v in enumerate(values) if v.dtype.is_float]
    wrt = floats if case.differentiable is True else [i for i in floats if i in case.differentiable]  # type: ignore[operator]

    def scalar(*xs: Any) -> Any:
        given = list(values)
        for i, x in zip(wrt, xs):
            given[i] = x
        out = _call(op, case, *given)
        parts = [x for x in flat(out if isinstance(out, tuple) else (out,)) if x.dtype.is_float]
        total: Any = None
        for x in parts:
            term = ops.sum(x * ops.cos(_counter(x)))
            total = term if total is None else total + term
        return total

    return ops.grad(scalar, argnums=tuple(range(len(wrt))))(*[values[i] for i in wrt])


def _counter(x: Any) -> Any:
    """Different weights per element, so that a permuted gradient is noticed."""
    ones = ops.broadcast_to(ops.cast(1.0, x.dtype), x.shape)
    total = ones
    for i, axis in enumerate(reversed(range(x.ndim))):
        total = total + ops.cumsum(ones, axis=axis) * 0.5**i
    return total


def _specs(case: Case, dtype: dtypes.DType) -> Iterator[Spec]:
    for sample in flat(case.operands):
        if isinstance(sample, Sample):
            drawn = sample.draw(np.random.default_rng(0), SIZES[0])
            shape = tuple(Dim.named(n) if isinstance(n, str) else n for n in sample.shape)
            shape = drawn.shape if sample.values is not None else shape
            yield Spec(shape, dtypes.as_dtype(sample.dtype) if sample.dtype else dtype)


def draw(op: Op, case: Case, dtype: dtypes.DType, sizes: dict[str, int]) -> list[np.ndarray]:
    """The operands of a case, in the dtypes they are given to the adapter."""
    random = np.random.default_rng(zlib.crc32(f"{op.name}/{case.label}".encode()))
    arrays = []
    for sample in flat(case.operands):
        if isinstance(sample, Sample):
            array = sample.draw(random, sizes)
            if sample.dtype is None and not dtype.is_float:
                array = np.trunc(array)
            with np.errstate(invalid="ignore"):
                arrays.append(array.astype(dtypes.as_dtype(sample.dtype).numpy if sample.dtype else dtype.numpy))
    return arrays


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if dtypes.as_dtype(array.dtype).is_float else array


def _scale(case: Case, arrays: list[np.ndarray], sizes: dict[str, int]) -> Any:
    if case.bound.scale is None:
        return None
    rest = iter(map(_wide, arrays))
    operands = [map_tuple(lambda s: next(rest) if isinstance(s, Sample) else s, o) for o in case.operands]
    with np.errstate(all="ignore"):
        return case.bound.scale(*operands, **case.attributes)


def main(argv: list[str] | None = None) -> int:
    """Runs cases from the command line; the exit status is 1 when any fails."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--backend", action="append", help="default: all installed")
    parser.add_argument("--only", default="", help="names of ops, comma separated; or a module such as reduction")
    parser.add_argument("--verbose", action="store_true", help="print measured constants")
    given = parser.parse_args(argv)
    only = set(filter(None, given.only.split(",")))
    failures = 0
    for name in given.backend or available_backends():
        adapter = get_adapter(name)
        count = 0
        for op in list(OPS.values()):
            if only and op.name not in only and op.module.rpartition(".")[2] not in only:
                continue
            if not op.cases:
                print(f"{op.name}: no cases")
            for case in op.cases:
                for dtype in case.dtypes:
                    for fast in (True, False) if op.name in adapter.fast else (True,):
                        count += 1
                        failures += _report(op, case, adapter, dtype, fast, given.verbose)
        print(f"{name}: {count} cases run")
    print(f"{failures} failed")
    return 1 if failures else 0


def _report(op: Op, case: Case, adapter: Adapter, dtype: str, fast: bool, verbose: bool) -> int:
    label = f"{op.name} [{case.label}] {dtype} on {adapter.name}{'' if fast else ' (body)'}"
    try:
        rows = list(run_case(op, case, adapter, dtype, fast=fast))
    except Exception as error:
        print(f"ERROR {label}: {type(error).__name__}: {str(error)[:600]}")
        return 1
    bad = [r for r in rows if not r.verdict.passed]
    for row in bad:
        print(f"FAIL {label}: {row.what}: {row.verdict.text}")
    if verbose and rows:
        print(f"ok   {label}: c = {max(r.verdict.measured for r in rows):.3g}")
    return 1 if bad else 0


__all__ = ["Bound", "Row", "case_graph", "check_case", "draw", "gradient_graph", "main", "reference", "run_case"]

if __name__ == "__main__":
    sys.exit(main())
