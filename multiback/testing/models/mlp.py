"""A multilayer perceptron that tells three spirals apart."""

from __future__ import annotations

import numpy as np

import multiback as mb
from multiback import layers


def model() -> mb.Model:
    """Two dense layers, gradient descent."""
    mlp = mb.Sequential([layers.Input((2,)), layers.Dense(16, "relu"), layers.Dense(16, "tanh"), layers.Dense(3)])
    mlp.compile(mb.optimizers.SGD(0.1), mb.losses.SparseCategoricalCrossentropy(from_logits=True))
    return mlp


def data() -> tuple[np.ndarray, np.ndarray]:
    """Points (48, 2), and the arm each is on."""
    random = np.random.default_rng(0)
    arm, radius = random.integers(0, 3, 48), random.uniform(0.2, 2.0, 48)
    angle = 2.0 * radius + arm * 2.0 * np.pi / 3.0 + random.normal(0.0, 0.1, 48)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1), arm
