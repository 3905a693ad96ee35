"""Every layer in a .keras file that Keras wrote, and back again in one that we wrote."""

from __future__ import annotations

import os
import pathlib
import warnings
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest
from comparison import assert_near

import multiback as mb
from multiback.graph.trace import as_host_array
from multiback.testing.cases.layers import LAYER_CASES, LayerCase, fill

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras

pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize("case", [r for r in LAYER_CASES if r.keras and not r.training], ids=str)
def test_there_and_back(case: LayerCase, tmp_path: pathlib.Path) -> None:
    arrays = case.inputs("float32")
    inputs: Any = [keras.Input(x.shape[1:], dtype=str(x.dtype)) for x in (arrays if case.is_list else [arrays])]
    layer = case.make(keras.layers)
    theirs = keras.Model(inputs, case.call(layer, inputs if case.is_list else inputs[0]))
    theirs.set_weights(fill([np.asarray(w.value) for w in theirs.weights], [w.name for w in theirs.weights]))
    if hasattr(layer, "finalize_state"):
        layer.finalize_state()
    want = np.asarray(theirs(arrays))
    theirs.save(tmp_path / "theirs.keras")
    with mb.use_backend("numpy"):
        ours = mb.saving.load_model(tmp_path / "theirs.keras")
        assert_near([as_host_array(ours(arrays))], [want], 5e-6)
        ours.save(tmp_path / "ours.keras")
    again = keras.models.load_model(tmp_path / "ours.keras")
    assert_near([np.asarray(again(arrays))], [want], 5e-6)
