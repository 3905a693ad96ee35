"""Dropout and noise: nothing outside training, another draw at every step, the promised moments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers
from multiback.graph.trace import as_host_array

LAYERS: dict[str, Any] = {
    "dropout": lambda: layers.Dropout(0.3, name="tested"),
    "shared": lambda: layers.Dropout(0.3, noise_shape=(None, 1, 6), name="tested"),
    "seeded": lambda: layers.Dropout(0.3, seed=5, name="tested"),
    "spatial": lambda: layers.SpatialDropout1D(0.5, name="tested"),
    "alpha": lambda: layers.AlphaDropout(0.3, name="tested"),
    "noise": lambda: layers.GaussianNoise(0.5, name="tested"),
    "multiplied": lambda: layers.GaussianDropout(0.3, name="tested"),
}
X = np.random.default_rng(1).normal(size=(40, 50, 6)).astype(np.float32)


def _draw(name: str, calls: int = 1) -> list[np.ndarray]:
    layer = LAYERS[name]()
    return [as_host_array(layer(X, training=True)) for _ in range(calls)]


@pytest.mark.parametrize("name", LAYERS)
def test_only_in_training(name: str) -> None:
    with mb.use_backend("numpy"):
        layer = LAYERS[name]()
        for training in ({}, {"training": False}):
            np.testing.assert_array_equal(layer(X, **training), X)
        assert not np.array_equal(layer(X, training=True), X)


@pytest.mark.parametrize("name", LAYERS)
def test_steps_seeds_and_names_decide(name: str) -> None:
    with mb.use_backend("numpy"):
        first, second = _draw(name, 2)
        assert not np.array_equal(first, second)
        np.testing.assert_array_equal(_draw(name)[0], first)
        mb.random.set_seed(1)
        assert np.array_equal(_draw(name)[0], first) == (name == "seeded")


def test_layers_of_one_call_draw_apart() -> None:
    with mb.use_backend("numpy"):
        model = mb.Sequential([layers.Dropout(0.5, name="a"), layers.Dropout(0.5, name="b")])
        kept = model(np.ones((400, 50), np.float32), training=True) != 0
        assert abs(float(kept.mean()) - 0.25) < 0.02


def test_moments() -> None:
    """The fraction that is dropped; and mean and variance where the layer promises them."""
    with mb.use_backend("numpy"):
        assert abs(float((_draw("dropout")[0] == 0).mean()) - 0.3) < 0.02
        spatial = _draw("spatial")[0] == 0
        assert np.array_equal(spatial.all(axis=1), spatial.any(axis=1))
        for name, mean, variance in (("alpha", 0, 1), ("noise", 0, 1.25), ("multiplied", 0, 1 / 0.7)):
            got = _draw(name)[0]
            assert abs(got.mean() - mean) < 0.03
            assert abs(got.var() / variance - 1) < 0.06
        np.testing.assert_array_equal(layers.Dropout(1.0)(X, training=True), np.zeros_like(X))


def test_recurrent_dropout_is_the_same_at_every_step() -> None:
    """With kernels of ones and no recurrence, equal steps give equal outputs."""
    with mb.use_backend("numpy"):
        for layer in (layers.SimpleRNN(1, dropout=0.5, activation=None, return_sequences=True),):
            x = np.repeat(X[:, :1], 5, axis=1)
            layer.build(x.shape)
            layer.set_weights([np.ones((6, 1)), np.zeros((1, 1)), np.zeros(1)])
            y = layer(x, training=True)
            np.testing.assert_allclose(y, np.repeat(y[:, :1], 5, axis=1), rtol=1e-6)
            assert not np.allclose(y, layer(x))
