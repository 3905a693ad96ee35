"""Every layer on symbolic tensors and from its configuration."""

from __future__ import annotations

import json

import numpy as np
import pytest
from layer_evaluation import made, symbolic
from layer_table import ROWS, Row

import multiback as mb
from multiback import layers
from multiback.errors import ShapeError


@pytest.fixture(autouse=True)
def on_numpy() -> None:
    with mb.use_backend("numpy"):
        yield


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_symbolic_call(row: Row) -> None:
    """The symbolic shape is the real one, with an unknown batch, and the dtype too."""
    layer = row.make(layers)
    inputs = row.inputs("float32")
    outputs = row.call(layer, symbolic(inputs))
    assert outputs.shape == (None, *row.output[1:])
    real = row.call(layer, inputs)
    assert real.shape == row.output
    assert str(real.dtype) == outputs.dtype


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_configuration(row: Row) -> None:
    """The configuration is JSON, and a layer made from it computes the same."""
    layer = made(row, "float32")
    config = json.loads(json.dumps(layers.serialize(layer)))
    again = layers.deserialize(config)
    assert type(again) is type(layer)
    assert json.loads(json.dumps(layers.serialize(again))) == config
    inputs = row.inputs("float32")
    row.call(again, symbolic(inputs))
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(row.call(again, inputs), row.call(layer, inputs))


@pytest.mark.parametrize("row", [r for r in ROWS if len(r.shapes) == 1], ids=str)
def test_compute_output_shape(row: Row) -> None:
    layer = row.make(layers)
    shape = row.shapes[0]
    assert tuple(layer.compute_output_shape((None, *shape[1:]))) == (None, *row.output[1:])


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
