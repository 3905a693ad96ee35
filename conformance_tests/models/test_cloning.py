"""Copies of models: equal in form, with weights of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers
from multiback.errors import ArgumentError
from multiback.models import clone_model

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def functional() -> Any:
    x = mb.Input((4,), name="x")
    shared = layers.Dense(4, activation="tanh", name="shared")
    inner = mb.Sequential([layers.Dense(3, name="in_inner")], name="inner")
    model = mb.Model(x, inner(shared(shared(x)) * 0.5), name="m")
    model.compile("adam", "mse", metrics=["mae"], on_nonfinite="raise")
    return model


def test_a_functional_copy() -> None:
    model = functional()
    copied = clone_model(model)
    assert copied.to_json() == model.to_json()
    assert not set(copied.weights) & set(model.weights)
    assert len(copied.get_layer("shared")._inbound_nodes) == 2
    copied.set_weights(model.get_weights())
    np.testing.assert_array_equal(copied.predict(X, verbose=0), model.predict(X, verbose=0))
    assert copied.get_compile_config() == model.get_compile_config()
    assert copied.on_nonfinite == "raise"


def test_a_sequential_copy() -> None:
    model = mb.Sequential([mb.Input((4,), name="x"), layers.Dense(3), layers.BatchNormalization()], name="s")
    copied = clone_model(model)
    assert copied.to_json() == model.to_json()
    assert type(copied) is mb.Sequential
    unbuilt = clone_model(mb.Sequential([layers.Dense(2)]))
    assert not unbuilt.built


def test_layers_can_be_exchanged() -> None:
    def wider(layer: Any) -> Any:
        if isinstance(layer, layers.Dense) and layer.name != "shared":
            return layers.Dense(8, name=layer.name)
        return type(layer).from_config(layer.get_config())

    x = mb.Input((4,), name="x")
    model = mb.Model(x, layers.Dense(2, name="d")(layers.Flatten(name="f")(x)))
    assert clone_model(model, clone_function=wider).output_shape == (None, 8)
    assert clone_model(functional(), clone_function=wider, recursive=True).get_layer("inner").layers[0].units == 8


def test_layers_can_be_reused_and_calls_changed() -> None:
    def with_dropout(layer: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = layer(*args, **kwargs)
        return layers.Dropout(0.5)(outputs) if isinstance(layer, layers.Dense) else outputs

    x = mb.Input((4,), name="x")
    model = mb.Model(x, layers.Dense(2, name="d")(x))
    changed = clone_model(model, clone_function=lambda layer: layer, call_function=with_dropout)
    assert [type(layer).__name__ for layer in changed.layers] == ["InputLayer", "Dense", "Dropout"]
    assert changed.weights == model.weights


def test_a_copy_on_other_inputs() -> None:
    model = functional()
    other = mb.Input(batch_shape=(6, 4), name="other")
    copied = clone_model(model, input_tensors=other)
    assert copied.input_names == ["other"]
    assert copied.output_shape == (6, 3)
    stacked = clone_model(mb.Sequential([mb.Input((4,)), layers.Dense(2)]), input_tensors=[other])
    assert stacked.input_shape == (6, 4)
    with pytest.raises(ArgumentError, match="has 1 inputs"):
        clone_model(model, input_tensors=[other, other])


class Own(mb.Model):
    def __init__(self, units: int) -> None:
        super().__init__()
        self.dense = layers.Dense(units)

    def call(self, x: Any) -> Any:
        return self.dense(x)


def test_a_subclassed_copy() -> None:
    model = Own(3)
    model(X)
    copied = clone_model(model)
    assert [w.shape for w in copied.weights] == [(4, 3), (3,)]
    assert copied.weights[0] is not model.weights[0]
    with pytest.raises(ArgumentError, match="subclassed"):
        clone_model(model, clone_function=lambda layer: layer)
    with pytest.raises(ArgumentError, match="makes no calls"):
        clone_model(mb.Sequential([layers.Dense(1)]), call_function=lambda layer, x: layer(x))
