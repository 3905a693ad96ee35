"""U-Net: down, across and up again, a mask for every pixel. Source: Ronneberger, Fischer and Brox 2015."""

from __future__ import annotations

from typing import Any

import numpy as np

import multiback as mb
from multiback import layers


def model() -> mb.Model:
    """Two scales, transposed convolution and nearest neighbours on the way up; RMSprop with momentum."""
    inputs = layers.Input((8, 8, 1))
    fine = convolved(inputs, 3)
    middle = convolved(layers.MaxPooling2D()(fine), 4)
    coarse = convolved(layers.MaxPooling2D()(middle), 6)
    x = layers.Conv2DTranspose(4, 2, strides=2, padding="same")(coarse)
    x = convolved(layers.Concatenate()([x, middle]), 4)
    x = layers.UpSampling2D()(x)
    x = convolved(layers.Concatenate()([x, fine]), 3)
    unet = mb.Model(inputs, layers.Conv2D(1, 1)(x))
    unet.compile(mb.optimizers.RMSprop(0.002, momentum=0.5), mb.losses.BinaryCrossentropy(from_logits=True))
    return unet


def convolved(x: Any, filters: int) -> Any:
    """A convolution that keeps the size."""
    return layers.Conv2D(filters, 3, padding="same", activation="elu")(x)


def data() -> tuple[np.ndarray, np.ndarray]:
    """Noisy images (24, 8, 8, 1) of a disk, and the disk."""
    random = np.random.default_rng(0)
    row, column = np.meshgrid(np.arange(8), np.arange(8), indexing="ij")
    center, radius = random.uniform(2.0, 5.0, (2, 24, 1, 1)), random.uniform(1.5, 3.0, (24, 1, 1))
    disk = ((row - center[0]) ** 2 + (column - center[1]) ** 2 < radius**2).astype(np.float64)[..., None]
    return disk + random.normal(0.0, 0.5, disk.shape), disk
