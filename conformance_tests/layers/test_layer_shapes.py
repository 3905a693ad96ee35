"""Every layer on symbolic tensors and from its configuration."""

from __future__ import annotations

import json

import numpy as np
import pytest
from layer_evaluation import made, symbolic
from layer_table import ROWS, Row

import multiback as mb
from multiback import layers


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
