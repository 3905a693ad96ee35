"""Property-based draws: an op agrees with its reference on whatever operands its case allows, not only on one draw.

Hypothesis chooses sizes of the symbolic axes, a pattern of values and a seed, and shrinks a failure to a small one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

import numpy as np

from multiback import dtypes
from multiback.backends.protocol import Adapter
from multiback.graph.ir import flat
from multiback.graph.op import Op
from multiback.ops._cases import Case, Sample
from multiback.testing.judge import Verdict, judge
from multiback.testing.op_graphs import SIZES, case_graph, is_symbolic, operand_names, reference, scale_of, wide
from multiback.testing.records import Row, margin
from multiback.testing.settings import SEED

# Tiny numbers stay large enough that their squares are normal in float32.
PATTERNS = ("uniform", "endpoints", "whole numbers", "constant", "tiny")
BATCHES, TIMES = (4, 2, 1, 0, 9), (3, 4, 5, 8)


def drawable(case: Case) -> bool:
    """Whether the result is unique and any float operand is drawn from a range, so that patterns make a difference."""
    return case.unique and any(_is_drawn(sample) for sample in flat(case.operands))


def _is_drawn(sample: object) -> bool:
    return isinstance(sample, Sample) and sample.values is None and sample.dtype is None


def agrees_on_draws(op: Op, case: Case, dtype: str, examples: int, sizes: bool, adapter: Adapter) -> Iterator[Row]:
    """Compares an op with its float64 reference on many draws; yields the first failure, shrunk, or the worst pass.

    Arguments:
        op: The op.
        case: Ranges of the operands, attributes and bound.
        dtype: Of the operands.
        examples: How many draws.
        sizes: Whether the sizes of symbolic axes are drawn too; each new one is compiled anew on some backends.
        adapter: Where it runs.
    """
    from hypothesis import Phase, given, settings
    from hypothesis import strategies as st

    graph = case_graph(op, case, dtype)
    executable = adapter.compile(graph)
    worst: list[Row] = []

    batches = BATCHES if case.edges else tuple(n for n in BATCHES if n > 1)
    drawn_sizes = (
        st.fixed_dictionaries({"batch": st.sampled_from(batches), "time": st.sampled_from(TIMES)})
        if sizes and is_symbolic(case)
        else st.just(SIZES[0])
    )

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=(Phase.generate, Phase.shrink)
    )
    @given(drawn_sizes, st.sampled_from(PATTERNS), st.integers(0, 2**16))
    def agrees(at: Mapping[str, int], pattern: str, seed: int) -> None:
        arrays = draw_pattern(op, case, dtypes.as_dtype(dtype), at, pattern, seed)
        got = [adapter.to_numpy(x) for x in executable(*arrays)]
        want = reference(graph)(*map(wide, arrays))
        scale = scale_of(case, arrays)
        for i, (value, g, w) in enumerate(zip(graph.outputs, got, want)):
            of = scale[i] if isinstance(scale, tuple) and len(graph.outputs) > 1 else scale
            verdict = judge(g, w, value.dtype, c=case.bound.c, scale=of)
            what = f"output {i}, {pattern} from seed {seed}" + (f" at {at}" if is_symbolic(case) else "")
            row = Row(what, verdict, dict(zip(operand_names(op, case), arrays)))
            if not worst or not verdict.passed or _larger(verdict, worst[0].verdict):
                worst[:] = [row]
            assert verdict.passed

    try:
        agrees()
    except AssertionError:
        assert not worst[0].verdict.passed
    yield worst[0]


def _larger(a: Verdict, b: Verdict) -> bool:
    return margin(a) > margin(b)


def draw_pattern(
    op: Op, case: Case, dtype: dtypes.DType, sizes: Mapping[str, int], pattern: str, seed: int
) -> list[np.ndarray]:
    """The operands of a case with values of one pattern, within the ranges that its samples allow."""
    random = np.random.default_rng([zlib.crc32(f"{op.name}/{case.label}".encode()), seed, SEED.get()])
    arrays = []
    for sample in flat(case.operands):
        if not isinstance(sample, Sample):
            continue
        kind = dtypes.as_dtype(sample.dtype) if sample.dtype else dtype
        array = sample.draw(random, sizes)
        if _is_drawn(sample):
            shape = tuple(sizes[n] if isinstance(n, str) else n for n in sample.shape)
            array = _patterned(pattern, random, sample.low, sample.high, shape)
            array = sample.transform(array) if sample.transform else array
        arrays.append(array.astype(kind.numpy))
    return arrays


def _patterned(
    pattern: str, random: np.random.Generator, low: float, high: float, shape: tuple[int, ...]
) -> np.ndarray:
    uniform = random.uniform(low, high, shape)
    if pattern == "endpoints":
        return np.where(random.random(shape) < 0.5, low, high)
    if pattern == "whole numbers":
        return np.clip(np.rint(uniform), low, high)
    if pattern == "constant":
        return np.full(shape, random.uniform(low, high))
    if pattern == "tiny" and low <= 0.0 <= high:
        return np.clip(uniform * 10.0 ** random.uniform(-15.0, 0.0, shape), low, high)
    return uniform
