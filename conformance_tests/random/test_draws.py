"""Random arrays inside and outside graphs: the same bits on every backend, new ones at each call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import random
from multiback.errors import ArgumentError

DRAWS: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "normal": (lambda seed: random.normal((200, 5), 1.0, 2.0, seed=seed), 1.0, 2.0),
    "uniform": (lambda seed: random.uniform((200, 5), -1.0, 3.0, seed=seed), 1.0, (16 / 12) ** 0.5),
    "truncated_normal": (lambda seed: random.truncated_normal((200, 5), seed=seed), 0.0, 0.8796),
    "randint": (lambda seed: random.randint((200, 5), -3, 4, seed=seed), 0.0, 2.0),
    "dropout": (lambda seed: random.dropout(np.ones((200, 5), "float32"), 0.25, seed=seed), 1.0, (1 / 3) ** 0.5),
}
"""Each with its mean and standard deviation; the suite compares the numbers themselves."""


@pytest.mark.parametrize("name", DRAWS)
def test_moments(name: str) -> None:
    draw, mean, deviation = DRAWS[name]
    with mb.use_backend("numpy"):
        x = np.asarray(draw(11), "float64")
    assert abs(x.mean() - mean) < 5 * deviation / x.size**0.5
    assert abs(x.std() - deviation) < 5 * deviation / x.size**0.5


def test_a_graph_draws_as_eager_code(backend: str) -> None:
    generator, eager = random.SeedGenerator(3, name="noise"), random.SeedGenerator(3, name="noise")
    draw = mb.function(lambda x: random.uniform(x.shape, seed=generator), backend=backend)
    for _ in range(2):
        np.testing.assert_array_equal(
            np.asarray(draw(np.zeros(6, "float32"))), np.asarray(random.uniform((6,), seed=eager))
        )


def test_a_graph_needs_a_seed(backend: str) -> None:
    with pytest.raises(ArgumentError, match="SeedGenerator"):
        mb.function(lambda x: x + random.normal((3,)), backend=backend)(np.zeros(3, "float32"))
