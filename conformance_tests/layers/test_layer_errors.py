"""Wrong arguments and inputs: one clear error of our own, which names the layer, what was expected and what came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers
from multiback.errors import ArgumentError, MultibackError, SavingError, ShapeError, StateError, UnknownNameError

ARGUMENTS: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    ("Dense", {"units": 0}, ArgumentError, "Dense 'tested': units must be a positive integer, got 0."),
    ("Dense", {"units": 2, "activtion": "relu"}, ArgumentError, "no argument 'activtion'. Did you mean 'activation'?"),
    ("Dense", {"units": 2, "activation": "rulu"}, UnknownNameError, "Unknown activation 'rulu'. Did you mean 'relu'?"),
    ("Dense", {"units": 2, "lora_rank": 4}, ArgumentError, "not supported"),
    ("Embedding", {"input_dim": -1, "output_dim": 2}, ArgumentError, "input_dim must be a positive integer, got -1"),
    ("Conv2D", {"filters": 2, "kernel_size": (3, 3, 3)}, ArgumentError, "kernel_size must be an integer or 2 integers"),
    ("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "smae"}, ArgumentError, "Did you mean 'same'?"),
    ("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "causal"}, ArgumentError, "one of valid, same"),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "groups": 2}, ArgumentError, "multiple of groups=2, got 3"),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "data_format": "NCHW"}, ArgumentError, "channels_first"),
    ("Conv2DTranspose", {"filters": 1, "kernel_size": 3, "output_padding": 1}, ArgumentError, "less than strides"),
    (
        "MaxPooling2D",
        {"pool_size": 0},
        ArgumentError,
        "pool_size must be an integer or 2 integers of at least 1, got 0",
    ),
    ("Dropout", {"rate": 1.5}, ArgumentError, "rate must be a number between 0 and 1, got 1.5"),
    ("Dropout", {"rate": 0.5, "noise_shape": (0,)}, ArgumentError, "noise_shape"),
    ("GaussianDropout", {"rate": 1.0}, ArgumentError, "less than 1"),
    ("LeakyReLU", {"negative_slope": -1.0}, ArgumentError, "of at least 0, got -1.0"),
    ("BatchNormalization", {"renorm": True}, ArgumentError, "renorm"),
    ("Normalization", {"mean": 1.0}, ArgumentError, "both mean and variance"),
    ("Reshape", {"target_shape": (-1, -1)}, ArgumentError, "one of them -1"),
    ("Permute", {"dims": (0, 1)}, ArgumentError, "permutation of 1, 2, ..."),
    ("RepeatVector", {"n": 2.5}, ArgumentError, "n must be a positive integer"),
    ("Cropping2D", {"cropping": ((1, 2, 3), 1)}, ArgumentError, "pairs (before, after)"),
    ("ZeroPadding1D", {"padding": -1}, ArgumentError, "none negative; got -1"),
    ("UpSampling2D", {"interpolation": "cubic"}, ArgumentError, "one of nearest"),
    ("Dot", {"axes": "last"}, ArgumentError, "axes must be an integer or two of them"),
    ("EinsumDense", {"equation": "ab->ac", "output_shape": 2}, ArgumentError, "equation must look like"),
    ("LSTM", {"units": 2, "dropout": 2}, ArgumentError, "dropout must be a number between 0 and 1"),
    ("RNN", {"cell": 3}, ArgumentError, "takes a layer with a state_size as cell, got 3"),
    ("Bidirectional", {"layer": layers.Dense(2)}, ArgumentError, "takes a recurrent layer"),
    ("Bidirectional", {"layer": layers.LSTM(2), "merge_mode": "max"}, ArgumentError, "merge_mode must be one of"),
    ("TimeDistributed", {"layer": "dense"}, ArgumentError, "takes a layer, got str"),
    ("Lambda", {"function": 3}, ArgumentError, "takes a function, got 3"),
    ("Attention", {"score_mode": "sum"}, ArgumentError, "one of dot, concat"),
    ("MultiHeadAttention", {"num_heads": 0, "key_dim": 2}, ArgumentError, "num_heads must be a positive integer"),
    ("Dense", {"units": 2, "name": "a/b"}, ArgumentError, "Names are made of letters"),
]

CALLS: list[tuple[Callable[[], Any], list[tuple[int, ...]], type[Exception], str]] = [
    (
        lambda: layers.Conv2D(2, 3, name="stem"),
        [(None, 28, 28)],
        ShapeError,
        "Conv2D 'stem' expects inputs with 4 axes, got 3: (None, 28, 28).",
    ),
    (lambda: layers.Conv2D(2, 3, groups=2), [(None, 8, 8, 3)], ShapeError, "multiple of groups=2, got 3"),
    (lambda: layers.Conv2D(2, 3), [(None, 8, 8, None)], ShapeError, "needs a known number of channels"),
    (lambda: layers.Conv2D(2, 9), [(None, 8, 8, 1)], ShapeError, "window that is larger"),
    (lambda: layers.Dense(2), [(None, None)], ShapeError, "needs known sizes, got shape (None, 2)"),
    (lambda: layers.Flatten(), [()], ShapeError, "at least 1 axes, got 0"),
    (lambda: layers.Reshape((5, -1)), [(None, 4)], ShapeError, "Cannot reshape"),
    (lambda: layers.Cropping1D(4), [(None, 8, 1)], ShapeError, "none is left"),
    (lambda: layers.LSTM(2), [(None, 4)], ShapeError, "expects inputs with at least 3 axes, got 2: (None, 4)"),
    (lambda: layers.TimeDistributed(layers.Dense(2)), [(None, 4)], ShapeError, "at least 3 axes"),
    (lambda: layers.Add(), [(None, 4)], ArgumentError, "expects a list of inputs, got one of shape (None, 4)"),
    (lambda: layers.Add(), [(None, 4), (None, 5)], ShapeError, "shapes that fit each other, got (None, 4), (None, 5)"),
    (lambda: layers.Subtract(), [(None, 4)] * 3, ArgumentError, "expects 2 inputs, got 3"),
    (lambda: layers.Concatenate(), [(None, 4), (None, 2, 4)], ShapeError, "differ in axis -1 only"),
    (lambda: layers.Dot(1), [(None, 4), (None, 5)], ShapeError, "expects equal sizes along axis 1"),
    (lambda: layers.Dot(0), [(None, 4), (None, 4)], ShapeError, "not axes beside the batch"),
    (lambda: layers.Attention(), [(None, 4, 2)], ArgumentError, "a list [query, value]"),
    (lambda: layers.GroupNormalization(3), [(None, 4)], ShapeError, "divides into 3 groups, got 4"),
    (lambda: layers.BatchNormalization(axis=2), [(None, 4)], ShapeError, "has axis 2, which inputs"),
    (lambda: layers.PReLU(), [(None, None, 3)], ShapeError, "known sizes or shared_axes"),
    (lambda: layers.LSTM(2, stateful=True), [(None, 4, 3)], ShapeError, "stateful and needs a fixed batch size"),
    (lambda: layers.LSTM(2, unroll=True), [(None, None, 3)], ShapeError, "needs a fixed number of steps"),
]


@pytest.mark.parametrize("case", ARGUMENTS, ids=lambda c: f"{c[0]}({c[1]})"[:60])
def test_arguments(case: Any) -> None:
    name, arguments, error, text = case
    with pytest.raises(error) as caught:
        getattr(layers, name)(**{"name": "tested", **arguments})
    assert text in str(caught.value)
    assert isinstance(caught.value, MultibackError)


@pytest.mark.parametrize("case", CALLS, ids=lambda c: c[3][:50])
def test_calls(case: Any) -> None:
    make, shapes, error, text = case
    inputs = [mb.layers.InputLayer(batch_shape=s).output for s in shapes]
    with pytest.raises(error) as caught:
        make()(inputs if len(inputs) > 1 else inputs[0])
    assert text in str(caught.value)


def test_the_text_is_the_same_on_every_backend(backend: str) -> None:
    layer = layers.Dense(2, name="head")
    layer(np.ones((2, 4), np.float32))
    with pytest.raises(ShapeError) as caught:
        layer(np.ones((2, 5), np.float32))
    assert str(caught.value) == "Dense 'head' expects inputs with last axis 4, got (None, 5)."


def test_weights_stay_when_setting_them_fails() -> None:
    layer = layers.Dense(2)
    layer.build((None, 3))
    before = layer.get_weights()
    with pytest.raises(ShapeError, match="kernel"):
        layer.set_weights([np.ones((2, 2)), np.ones(2)])
    with pytest.raises(ArgumentError, match="has 2 weights, got 1"):
        layer.set_weights([np.ones((3, 2))])
    for a, b in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_code_is_neither_saved_nor_loaded() -> None:
    with pytest.raises(SavingError, match="no configuration"):
        layers.serialize(layers.Lambda(lambda x: x))
    config = {"name": "evil", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}}
    with pytest.raises(SavingError, match="code is never loaded"):
        layers.Lambda.from_config(config)


def test_reset_state_needs_states() -> None:
    with pytest.raises(StateError, match="stateful=True"):
        layers.GRU(2).reset_state()
