"""Layers on symbolic tensors whose sizes are not known."""

from __future__ import annotations

import numpy as np
import pytest

import multiback as mb
from multiback import layers
from multiback.errors import ShapeError


@pytest.fixture(autouse=True)
def on_numpy() -> None:
    with mb.use_backend("numpy"):
        yield


def test_models_of_any_image_size() -> None:
    """Sizes that are equal only for some images may meet; which images, is found out when the model runs."""
    x = mb.Input((None, None, 1))
    down = layers.MaxPooling2D()(layers.Conv2D(2, 3, padding="same")(x))
    up = layers.Conv2DTranspose(2, 3, strides=2, padding="same")(layers.UpSampling2D()(layers.MaxPooling2D()(down)))
    model = mb.Model(x, layers.Add()([layers.Concatenate()([x, up]), layers.Conv2D(3, 1)(x)]))
    assert model.output.shape == (None, None, None, 3)
    assert model(np.ones((2, 8, 12, 1), np.float32)).shape == (2, 8, 12, 3)
    with pytest.raises(ShapeError, match="differ in axis"):
        model(np.ones((2, 7, 12, 1), np.float32))


def test_two_inputs_of_any_length_may_meet() -> None:
    a, b = mb.Input((None, 3)), mb.Input((None, 3))
    assert layers.Add()([a, b]).shape == (None, None, 3)
    assert layers.Concatenate(axis=1)([a, b]).shape == (None, None, 3)
    with pytest.raises(ShapeError):
        layers.Add()([layers.ZeroPadding1D(1)(a), a])


def test_leading_sizes_that_are_equal_by_chance() -> None:
    layer = layers.MultiHeadAttention(2, 3)
    x, seen = np.ones((4, 4, 6), np.float32), np.tri(4, dtype=bool)
    got = [layer(x, x, attention_mask=seen) for _ in range(2)]
    np.testing.assert_allclose(got[1], layer(x, x, use_causal_mask=True), rtol=1e-6)
    assert layer(x[:3], x[:3], attention_mask=seen).shape == (3, 4, 6)
