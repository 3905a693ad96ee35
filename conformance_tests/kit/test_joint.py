"""Parts that share a graph: the one that fails is named, the others are not held up; a wrong backend is always seen."""

from __future__ import annotations

import copy
import importlib
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import Variable, ops
from multiback.backends.registry import get_adapter
from multiback.errors import ShapeError
from multiback.testing.joint import Once, Part, arrays_of, run_together

X = np.arange(3.0)


class Counter(Part):
    """Adds 1 to a Variable."""

    calls = 2

    def __init__(self) -> None:
        self.count = Variable(0.0)

    def arguments(self, call: int) -> tuple[Any, ...]:
        return (np.float32(1.0),)

    def step(self, one: Any) -> None:
        self.count.assign_add(one)

    def results(self, returned: Any) -> list[np.ndarray]:
        return [self.count.numpy()]


def test_the_guilty_part_is_found_and_the_others_go_on(backend: str) -> None:
    parts = [
        lambda: Once(lambda x: x + 1.0, (X,), (2 * X,)),
        Counter,
        lambda: Once(lambda x: ops.reshape(x, (2,)), (X,), (X,)),
        Counter,
        lambda: Once(lambda x: [x * x, ops.sum(x)], (X,), (2 * X,)),
    ]
    found = run_together(parts, get_adapter(backend))
    assert [isinstance(outcome, Exception) for outcome in found] == [False, False, True, False, False]
    with pytest.raises(ShapeError):
        arrays_of(found[2])
    assert [a.tolist() for a in arrays_of(found[0])[1]] == [[1.0, 3.0, 5.0]]
    assert [[float(a) for a in call] for call in arrays_of(found[3])] == [[1.0], [2.0]]
    assert [a.tolist() for a in arrays_of(found[4])[1]] == [[0.0, 4.0, 16.0], 6.0]


def test_parts_of_any_batch_size_are_compiled_once(backend: str) -> None:
    seen = []
    parts = [lambda: Once(lambda x: [seen.append(x.shape), ops.mean(x)][1], (np.ones(4),), (np.ones(7),))]
    outcome = run_together(parts, get_adapter(backend), batched=True)[0]
    assert [float(call[0]) for call in arrays_of(outcome)] == [1.0, 1.0]
    assert len(seen) == 1


KINDS = ["losses", pytest.param("metrics", marks=pytest.mark.thorough), "optimizers", "schedules", "regularizers",
         "constraints"]  # fmt: skip
NOTHING_TO_SEE = ("nan", "empty-batch", "constant", "divergence-17")
"""Cases whose results are NaN, or nothing."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_backend_that_is_off_by_a_little_fails_every_check_of_numbers(kind: str) -> None:
    honest = get_adapter("numpy")
    adapter = copy.copy(honest)

    def off(x: Any) -> np.ndarray:
        array = honest.to_numpy(x)
        return (array * (1 + 1e-5) + 1e-5).astype(array.dtype) if array.dtype.kind == "f" else array

    adapter.to_numpy = off  # type: ignore[method-assign]
    passed = []
    with mb.use_backend("numpy"):
        for check in importlib.import_module(f"multiback.testing.chapters.{kind}").checks():
            if not check.dtype or not check.concerns(adapter) or check.case in NOTHING_TO_SEE:
                continue
            if all(row.verdict.passed for row in check.run(adapter)):
                passed.append(check.id)
    assert passed == []
