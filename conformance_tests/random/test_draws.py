"""Random arrays inside and outside graphs: the same bits on every backend, new ones at each call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import random
from multiback.errors import ArgumentError

DRAWS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "normal": (lambda seed: random.normal((200, 5), 1.0, 2.0, seed=seed), 1e-5),
    "uniform": (lambda seed: random.uniform((200, 5), -1.0, 3.0, seed=seed), 0.0),
    "truncated_normal": (lambda seed: random.truncated_normal((200, 5), seed=seed), 1e-4),
    "randint": (lambda seed: random.randint((200, 5), -3, 4, seed=seed), 0.0),
    "dropout": (lambda seed: random.dropout(np.ones((200, 5), "float32"), 0.25, seed=seed), 0.0),
    "shuffle": (lambda seed: random.shuffle(np.arange(100), seed=seed), 0.0),
    "categorical": (lambda seed: random.categorical(np.zeros((4, 3), "float32"), 200, seed=seed), 0.0),
}
MOMENTS = {"normal": (1.0, 2.0), "uniform": (1.0, 16**0.5 / 12**0.5), "truncated_normal": (0.0, 0.8796),
           "randint": (0.0, 2.0), "dropout": (1.0, (1 / 3) ** 0.5)}  # fmt: skip


@pytest.mark.parametrize("name", DRAWS)
def test_draws_agree_with_the_reference(backend: str, name: str) -> None:
    draw, tolerance = DRAWS[name]
    got = np.asarray(draw(5))
    with mb.use_backend("numpy"):
        want = np.asarray(draw(5))
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", MOMENTS)
def test_moments(backend: str, name: str) -> None:
    mean, deviation = MOMENTS[name]
    x = np.asarray(DRAWS[name][0](11), "float64")
    assert abs(x.mean() - mean) < 5 * deviation / x.size**0.5
    assert abs(x.std() - deviation) < 5 * deviation / x.size**0.5


def test_a_generator_draws_new_numbers_in_a_compiled_graph(backend: str) -> None:
    generator = random.SeedGenerator(3, name="noise")
    draw = mb.function(lambda x: random.uniform(x.shape, seed=generator), backend=backend)
    x = np.zeros(6, "float32")
    calls = [np.asarray(draw(x)) for _ in range(3)]
    assert not np.array_equal(calls[0], calls[1])
    eager = random.SeedGenerator(3, name="noise")
    for call in calls:
        np.testing.assert_array_equal(call, np.asarray(random.uniform((6,), seed=eager)))
    assert int(generator.state.numpy()) == 3


def test_a_graph_needs_a_seed(backend: str) -> None:
    with pytest.raises(ArgumentError, match="SeedGenerator"):
        mb.function(lambda x: x + random.normal((3,)), backend=backend)(np.zeros(3, "float32"))


def test_without_a_seed_draws_follow_the_seed_of_the_process(backend: str) -> None:
    mb.random.set_seed(1)
    first = [np.asarray(random.uniform((4,))) for _ in range(2)]
    mb.random.set_seed(1)
    again = [np.asarray(random.uniform((4,))) for _ in range(2)]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])
