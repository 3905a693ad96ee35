"""LeNet: convolutions, average pooling and tanh. Source: LeCun et al. 1998."""

from __future__ import annotations

import numpy as np

import multiback as mb
from multiback import layers


def model() -> mb.Model:
    """Two convolutions and two dense layers, Nesterov's momentum."""
    lenet = mb.Sequential(
        [
            layers.Input((12, 12, 1)),
            layers.Conv2D(3, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(4, 3, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(8, "tanh"),
            layers.Dense(3),
        ]
    )
    lenet.compile(
        mb.optimizers.SGD(0.05, momentum=0.9, nesterov=True), mb.losses.CategoricalCrossentropy(from_logits=True)
    )
    return lenet


def data() -> tuple[np.ndarray, np.ndarray]:
    """Images (32, 12, 12, 1) of rows, columns or diagonals, and their kind, one-hot."""
    random = np.random.default_rng(0)
    row, column = np.meshgrid(np.arange(12), np.arange(12), indexing="ij")
    kind = random.integers(0, 3, 32)
    stripes = np.stack([np.sin(p + random.uniform(0, 6.0)) for p in np.stack([row, column, row + column])[kind]])
    return (stripes + random.normal(0.0, 0.2, stripes.shape))[..., None], np.eye(3)[kind]
