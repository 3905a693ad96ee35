"""200 steps in float64: every backend stays within 1e-11 of the reference, from the same seed and data order."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pytest

import multiback as mb
from multiback import layers

STEPS, SAMPLES, BATCH = 200, 40, 8
F64 = {"dtype": "float64"}


def mlp() -> mb.Model:
    return mb.Sequential(
        [layers.Input((6,), dtype="float64"), layers.Dense(16, "relu", **F64), layers.Dense(3, **F64)], name="mlp"
    )


def cnn() -> mb.Model:
    return mb.Sequential(
        [
            layers.Input((6, 6, 1), dtype="float64"),
            # No bias before batch normalisation: its gradient is 0, and Adam makes steps of the rounding noise.
            layers.Conv2D(4, 3, padding="same", use_bias=False, **F64),
            layers.BatchNormalization(**F64),
            layers.ReLU(**F64),
            layers.MaxPooling2D(**F64),
            layers.Flatten(**F64),
            layers.Dropout(0.25, **F64),
            layers.Dense(3, **F64),
        ],
        name="cnn",
    )


def lstm() -> mb.Model:
    return mb.Sequential(
        [layers.Input((5, 4), dtype="float64"), layers.LSTM(6, **F64), layers.Dense(3, **F64)], name="lstm"
    )


def attention() -> mb.Model:
    x = inputs = layers.Input((5, 8), dtype="float64")
    x = layers.Add(**F64)([x, layers.MultiHeadAttention(2, 4, **F64)(x, x)])
    x = layers.LayerNormalization(**F64)(x)
    x = layers.Add(**F64)([x, layers.Dense(8, "gelu", **F64)(x)])
    x = layers.GlobalAveragePooling1D(**F64)(layers.Dropout(0.1, **F64)(x))
    return mb.Model(inputs, layers.Dense(3, **F64)(x), name="attention")


MODELS: dict[str, tuple[Callable[[], mb.Model], tuple[int, ...], str]] = {
    "mlp": (mlp, (6,), "sgd"),
    "cnn": (cnn, (6, 6, 1), "adam"),
    "lstm": (lstm, (5, 4), "rmsprop"),
    "attention": (attention, (5, 8), "adamw"),
}


@functools.cache
def trajectory(name: str, backend: str) -> list[np.ndarray]:
    """The weights after the run."""
    build, shape, optimizer = MODELS[name]
    random = np.random.default_rng(1)
    x, y = random.normal(size=(SAMPLES, *shape)), random.integers(0, 3, SAMPLES)
    mb.random.set_seed(0)
    model = build()
    model.compile(optimizer, mb.losses.SparseCategoricalCrossentropy(from_logits=True), backend=backend)
    model.fit(x, y, batch_size=BATCH, epochs=STEPS * BATCH // SAMPLES, verbose=0)
    return model.get_weights()


@pytest.mark.parametrize("name", MODELS)
def test_trajectory_stays_with_the_reference(backend: str, name: str) -> None:
    for got, want in zip(trajectory(name, backend), trajectory(name, "numpy")):
        assert got.dtype == np.float64
        assert np.max(np.abs(got - want)) <= 1e-11 * max(1.0, float(np.max(np.abs(want))))


@pytest.mark.parametrize("name", MODELS)
def test_training_changes_the_weights(backend: str, name: str) -> None:
    build, *_ = MODELS[name]
    mb.random.set_seed(0)
    start = build().get_weights()
    moved = [np.max(np.abs(a - b)) for a, b in zip(start, trajectory(name, backend))]
    assert sum(m > 1e-3 for m in moved) >= len(moved) // 2
