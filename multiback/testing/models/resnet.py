"""A residual network with batch normalisation. Source: He et al. 2016.

Its convolutions keep their biases, whose gradient before batch normalisation is 0 but for rounding: Adam makes steps of
that rounding, which a fair comparison must expect.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import multiback as mb
from multiback import layers


def model() -> mb.Model:
    """A stem and two blocks, the second of half the size; Adam."""
    x = inputs = layers.Input((8, 8, 2))
    x = layers.ReLU()(normalized(x, 4, 3))
    x = block(x, 4, strides=1)
    x = block(x, 6, strides=2)
    outputs = layers.Dense(3)(layers.GlobalAveragePooling2D()(x))
    resnet = mb.Model(inputs, outputs)
    resnet.compile(mb.optimizers.Adam(0.01), mb.losses.SparseCategoricalCrossentropy(from_logits=True))
    return resnet


def normalized(x: Any, filters: int, size: int, strides: int = 1) -> Any:
    """A convolution and batch normalisation."""
    x = layers.Conv2D(filters, size, strides=strides, padding="same")(x)
    return layers.BatchNormalization(momentum=0.9)(x)


def block(x: Any, filters: int, strides: int) -> Any:
    """Two convolutions beside a short cut, projected where the shape changes."""
    shortcut = x if strides == 1 else normalized(x, filters, 1, strides)
    x = layers.ReLU()(normalized(x, filters, 3, strides))
    return layers.ReLU()(layers.Add()([normalized(x, filters, 3), shortcut]))


def data() -> tuple[np.ndarray, np.ndarray]:
    """Images (32, 8, 8, 2) of one bright corner or none, and which."""
    random = np.random.default_rng(0)
    kind = random.integers(0, 3, 32)
    images = random.normal(0.0, 0.5, (32, 8, 8, 2))
    images[kind == 1, :4, :4] += 1.0
    images[kind == 2, 4:, 4:] += 1.0
    return images, kind
