"""Checks of random numbers: the bits that the host defines, on every backend, in graphs and outside."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

import multiback as mb
from multiback import dtypes, random
from multiback.backends.compile import Compiled
from multiback.backends.protocol import Adapter
from multiback.graph.host import as_host_array
from multiback.random._seed import key_for
from multiback.random._threefry import key_from_seed
from multiback.testing.cases.random import DRAWS, KNOWN_ANSWERS, Draw, folded, threefry, unit
from multiback.testing.judge import judge
from multiback.testing.records import Check, Row, holds

KIND = "random"

ELSEWHERE = frozenset({"get_seed"})
"""What `set_seed` set."""


def checks() -> Iterator[Check]:
    """All checks of random numbers."""
    for draw in DRAWS:
        yield Check(KIND, draw.name, draw.label, draw.dtype, functools.partial(agrees_with_definition, draw))
    yield Check(KIND, "SeedGenerator", "in a graph", "float32", draws_go_on)
    yield Check(KIND, "set_seed", "", "float32", draws_start_again)
    yield Check(KIND, "Threefry", "known answers", "", known_answers)


def uncovered() -> list[str]:
    """Public names of `multiback.random` without a check."""
    known = ELSEWHERE.union(check.subject for check in checks())
    return [name for name in random.__all__ if name not in known]


def agrees_with_definition(draw: Draw, adapter: Adapter) -> Iterator[Row]:
    """Compares a draw with NumPy on the same bits."""
    want = draw.want()
    dtype = dtypes.as_dtype(draw.dtype)
    want = want.astype(np.float64) if dtype.is_float else want.astype(dtype.numpy)
    yield Row("draw", judge(as_host_array(draw.call()), want, dtype, c=draw.c, scale=draw.scale(want)))


def draws_go_on(adapter: Adapter) -> Iterator[Row]:
    """Draw i of a generator in a compiled graph has the key that follows from seed and i."""
    generator = random.SeedGenerator(3, name="noise")

    def noise(x: Any) -> Any:
        return random.uniform(x.shape, seed=generator)

    compiled = Compiled(noise, "noise")
    for number in range(3):
        got = as_host_array(compiled(np.zeros((6, 2), np.float32)))
        want = unit(folded(key_from_seed(3), number), (6, 2))
        yield Row(f"draw {number}", judge(got, want, dtypes.float32, c=0.0))
    count = int(generator.state.numpy())
    yield holds("count", count == 3, f"{count} draws counted, expected 3")


def draws_start_again(adapter: Adapter) -> Iterator[Row]:
    """Draws without a seed of their own follow from the seed of the process and their number."""
    mb.random.set_seed(11)
    draws = [as_host_array(random.uniform((4,))) for _ in range(2)]
    yield holds("seed", mb.random.get_seed() == 11, f"{mb.random.get_seed()}, expected 11")
    for number, got in enumerate(draws):
        want = unit(key_for("fresh", seed=11, step=number), (4,))
        yield Row(f"draw {number}", judge(got, want, dtypes.float32, c=0.0))


def known_answers(adapter: Adapter) -> Iterator[Row]:
    """The host's generator, which makes keys and initial weights, gives the published blocks."""
    for key, counter, want in KNOWN_ANSWERS:
        got = threefry(key, counter)
        yield holds(f"key {key}, counter {counter}", got == want, f"{got}, expected {want}")
