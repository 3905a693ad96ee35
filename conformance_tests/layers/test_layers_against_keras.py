"""Every layer beside Keras's own, on JAX: same weights, same outputs; its configurations work here."""

from __future__ import annotations

import os
import warnings
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest
from comparison import assert_near

import multiback as mb
from multiback import layers, tree
from multiback.graph.trace import as_host_array
from multiback.testing.cases.layers import LAYER_CASES, LayerCase, fill, symbolic

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras

_SHARED = [case for case in LAYER_CASES if case.keras]


def _pair(case: LayerCase) -> tuple[Any, Any]:
    """Keras's layer and ours, made from Keras's configuration, with the same weights."""
    theirs = case.make(keras.layers)
    inputs = case.inputs("float32")
    case.call(theirs, inputs)
    ours = type(case.make(layers)).from_config(theirs.get_config())
    case.call(ours, symbolic(inputs), symbolic(case.given_masks()))
    weights = fill([np.asarray(w.value) for w in theirs.weights], [w.name for w in theirs.weights])
    assert [w.shape for w in ours.weights] == [w.shape for w in weights]
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    if hasattr(theirs, "finalize_state"):
        theirs.finalize_state()
    return theirs, ours


@pytest.mark.parametrize("case", _SHARED, ids=str)
def test_outputs(case: LayerCase) -> None:
    with mb.use_backend("numpy"):
        theirs, ours = _pair(case)
        inputs = case.inputs("float32")
        want = [np.asarray(y) for y in tree.leaves(case.call(theirs, inputs))]
        got = [as_host_array(y) for y in tree.leaves(case.call(ours, inputs))]
        assert [y.dtype for y in got] == [y.dtype for y in want]
        assert_near(got, want, 3e-6)
        state = [v.numpy() for v in ours.non_trainable_weights]
        assert_near(state, [np.asarray(v.value) for v in theirs.non_trainable_weights], 3e-6)


@pytest.mark.parametrize("case", _SHARED, ids=str)
def test_configuration_has_the_same_keys(case: LayerCase) -> None:
    theirs, ours = case.make(keras.layers).get_config(), case.make(layers).get_config()
    missing = set(theirs) - set(ours) - {"activity_regularizer", "quantization_config"}
    assert not missing
    # Keras's SimpleRNN forgets its seed, its spatial dropouts whether they are trainable.
    assert not set(ours) - set(theirs) - {"seed", "trainable"}
