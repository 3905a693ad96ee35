"""Masks that travel from layer to layer: the same outputs and masks as Keras, on arrays and in one graph."""

from __future__ import annotations

import os
import warnings
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest
from comparison import assert_near

import multiback as mb
from multiback import layers, ops, tree
from multiback.backends.compile import Compiled
from multiback.graph.trace import as_host_array
from multiback.layers import _masks
from multiback.testing.cases.layers import Inner, fill

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras

TOKENS = np.array([[1, 2, 0, 3, 0], [4, 0, 0, 0, 0], [0, 1, 2, 3, 4]], np.int32)
OTHER = np.array([[1, 0, 2, 0, 0], [4, 4, 4, 0, 0], [0, 0, 2, 3, 0]], np.int32)

ONE_INPUT = {
    "mask_zero": [],
    "lstm": [Inner("LSTM", 3, return_sequences=True)],
    "lstm last": [Inner("LSTM", 3)],
    "lstm states": [Inner("LSTM", 3, return_sequences=True, return_state=True)],
    "gru backwards": [Inner("GRU", 3, return_sequences=True, go_backwards=True)],
    "simple rnn, zeros": [Inner("RNN", Inner("SimpleRNNCell", 3), return_sequences=True, zero_output_for_mask=True)],
    "stacked": [Inner("RNN", [Inner("LSTMCell", 3), Inner("GRUCell", 2)])],
    "unrolled": [Inner("GRU", 3, return_sequences=True, unroll=True)],
    "bidirectional": [Inner("Bidirectional", Inner("LSTM", 3, return_sequences=True))],
    "bidirectional last": [Inner("Bidirectional", Inner("GRU", 3), merge_mode="sum")],
    "two recurrent": [Inner("GRU", 3, return_sequences=True), Inner("LSTM", 2)],
    "dense": [Inner("Dense", 3), Inner("LayerNormalization"), Inner("Activation", "tanh")],
    "time distributed": [Inner("TimeDistributed", Inner("Dense", 3))],
    "mean": [Inner("GlobalAveragePooling1D")],
    "convolution": [Inner("Conv1D", 3, 2)],
    "masking": [Inner("Masking", mask_value=0.0)],
}
TWO_INPUTS = {
    "add": Inner("Add"),
    "maximum": Inner("Maximum"),
    "minimum": Inner("Minimum"),
    "multiply": Inner("Multiply"),
    "concatenate steps": Inner("Concatenate", axis=1),
    "concatenate features": Inner("Concatenate"),
    "attention": Inner("Attention"),
    "additive attention": Inner("AdditiveAttention"),
}


@pytest.fixture(autouse=True)
def on_numpy() -> Any:
    with mb.use_backend("numpy"):
        yield


def _made(specification: Inner, module: Any) -> Any:
    arguments = [_inner(a, module) for a in specification.arguments]
    return getattr(module, specification.name)(*arguments, **specification.keywords)


def _inner(value: Any, module: Any) -> Any:
    if isinstance(value, list):
        return [_inner(v, module) for v in value]
    return _made(value, module) if isinstance(value, Inner) else value


class Both:
    """The same stack of layers in Keras and here, with the same weights."""

    def __init__(self, stack: list[Inner], merge: Inner | None = None) -> None:
        self.modules = (keras.layers, layers)
        self.embeddings = [m.Embedding(5, 4, mask_zero=True) for m in self.modules]
        self.merges = [merge and _made(merge, m) for m in self.modules]
        self.stacks = [[_made(s, m) for s in stack] for m in self.modules]
        for which in range(2):
            self.run(which)
        for theirs, ours in zip(self._layers(0), self._layers(1)):
            weights = fill([np.asarray(w.value) for w in theirs.weights], [w.name for w in theirs.weights])
            theirs.set_weights(weights)
            ours.set_weights(weights)

    def _layers(self, which: int) -> list[Any]:
        merge = [self.merges[which]] if self.merges[which] else []
        return [self.embeddings[which], *merge, *self.stacks[which]]

    def run(self, which: int, tokens: Any = TOKENS, other: Any = OTHER) -> Any:
        x = self.embeddings[which](tokens)
        if self.merges[which]:
            x = self.merges[which]([x, self.embeddings[which](other)])
        for layer in self.stacks[which]:
            x = layer(x)
        return x


def _compare(both: Both) -> None:
    theirs, ours = both.run(0), both.run(1)
    traced = Compiled(lambda t, o: (y := both.run(1, t, o), _masks.get_masks(y)))(TOKENS, OTHER)
    want = [np.asarray(y) for y in tree.leaves(theirs)]
    for got in (ours, traced[0]):
        assert_near([as_host_array(y) for y in tree.leaves(got)], want, 3e-6)
    masks = [keras.src.backend.get_keras_mask(y) for y in tree.leaves(theirs)]
    for got in (tree.leaves(_masks.get_masks(ours)), tree.leaves(traced[1])):
        assert [m is None for m in got] == [m is None for m in masks]
        for a, b in zip(got, masks):
            assert b is None or np.array_equal(as_host_array(a), np.asarray(b))


@pytest.mark.filterwarnings("ignore:Layer .* does not support masking:UserWarning")
@pytest.mark.parametrize("name", ONE_INPUT)
def test_one_input(name: str) -> None:
    _compare(Both(ONE_INPUT[name]))


@pytest.mark.parametrize("name", TWO_INPUTS)
def test_two_inputs(name: str) -> None:
    _compare(Both([], TWO_INPUTS[name]))


def test_multi_head_attention_masks_queries_and_values() -> None:
    results = []
    for module in (keras.layers, layers):
        embed, attend = module.Embedding(5, 4, mask_zero=True), module.MultiHeadAttention(2, 3)
        attend(embed(TOKENS), embed(OTHER))
        for layer in (embed, attend):
            values = [np.asarray(w.value) for w in layer.weights]
            layer.set_weights(fill(values, ["" for _ in values]))
        results.append(np.asarray(attend(embed(TOKENS), embed(OTHER))))
    rows = TOKENS != 0
    assert_near([results[1][rows]], [results[0][rows]], 3e-6)


def test_softmax_leaves_masked_elements_out() -> None:
    x, mask = np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]], np.float32), np.array([[1, 1, 0], [0, 0, 0]], bool)
    got = layers.Softmax()(x, mask=mask)
    np.testing.assert_allclose(got, [[1 / (1 + np.e), np.e / (1 + np.e), 0], [0, 0, 0]], rtol=1e-6)


def test_batch_normalization_counts_unmasked_steps() -> None:
    x = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    mask = np.array([[True, True, False], [True, False, False]])
    ours, theirs = layers.BatchNormalization(), keras.layers.BatchNormalization()
    got, want = ours(x, training=True, mask=mask), theirs(x, training=True, mask=mask)
    assert_near([got], [np.asarray(want)], 3e-6)
    assert_near([v.numpy() for v in ours.weights], [np.asarray(v.value) for v in theirs.weights], 3e-6)


def test_a_mask_given_beats_the_one_that_travels() -> None:
    x = layers.Masking()(np.ones((1, 2, 1), np.float32))
    got = layers.GlobalAveragePooling1D()(x * np.array([[[1.0], [3.0]]], np.float32), mask=np.array([[False, True]]))
    assert float(got[0, 0]) == 3.0


def test_masks_of_symbolic_calls_reach_the_model() -> None:
    tokens = mb.Input((5,), dtype="int32")
    y = layers.LSTM(3)(layers.Embedding(5, 4, mask_zero=True, name="e")(tokens))
    model = mb.Model(tokens, y)
    padded = np.concatenate([TOKENS[2:, 1:], np.zeros((1, 1), np.int32)], axis=1)
    short = mb.Model(*_shared(model, 4))
    np.testing.assert_array_equal(model.predict(padded, verbose=0), short.predict(TOKENS[2:, 1:], verbose=0))


def _shared(model: Any, steps: int) -> tuple[Any, Any]:
    x = y = mb.Input((steps,), dtype="int32")
    for layer in model.layers[1:]:
        y = layer(y)
    return x, y


def test_operations_on_symbolic_tensors_keep_the_mask() -> None:
    x = mb.Input((3, 1))
    model = mb.Model(x, layers.GlobalAveragePooling1D()(ops.multiply(layers.Masking()(x), 2.0)))
    got = model.predict(np.array([[[1.0], [0.0], [3.0]]], np.float32), verbose=0)
    assert got.tolist() == [[4.0]]
