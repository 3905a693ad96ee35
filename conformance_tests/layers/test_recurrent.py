"""What recurrent layers keep between steps and calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from comparison import assert_near

import multiback as mb
from multiback import layers, ops
from multiback.errors import ArgumentError, ShapeError
from multiback.graph.trace import as_host_array
from multiback.testing.cases.layers import fill

X = np.random.default_rng(2).uniform(-1, 1, (3, 6, 4)).astype(np.float32)
KINDS = ("SimpleRNN", "LSTM", "GRU")


def _made(kind: str, **arguments: Any) -> Any:
    layer = getattr(layers, kind)(5, **arguments)
    layer.build((3, None, 4))
    layer.set_weights(fill(layer.get_weights(), ["" for _ in layer.weights]))
    return layer


@pytest.fixture
def on_numpy() -> Any:
    with mb.use_backend("numpy"):
        yield


@pytest.mark.parametrize("kind", KINDS)
def test_stateful_calls_go_on(kind: str, backend: str) -> None:
    whole = _made(kind, return_sequences=True)(X)
    layer = _made(kind, return_sequences=True, stateful=True)
    halves = [as_host_array(layer(X[:, :2])), as_host_array(layer(X[:, 2:]))]
    assert_near([np.concatenate(halves, axis=1)], [as_host_array(whole)], 1e-6)
    layer.reset_state()
    assert_near([as_host_array(layer(X[:, :2]))], halves[:1], 1e-6)
    with pytest.raises(ShapeError, match="stateful for batches of 3, got a batch of 2"):
        layer(X[:2])
    assert len(layer.weights) == 3
    assert len(layer.variables) > 3


@pytest.mark.parametrize("kind", KINDS)
def test_initial_state(kind: str, on_numpy: Any) -> None:
    layer = _made(kind, return_state=True)
    whole, first = layer(X), layer(X[:, :2])
    second = layer(X[:, 2:], initial_state=list(first[1:]))
    assert_near(list(second), list(whole), 1e-6)
    with pytest.raises(ArgumentError, match="states, got 3"):
        layer(X, initial_state=[X[:, 0]] * 3)


@pytest.mark.parametrize("kind", KINDS)
def test_every_way_to_run_agrees(kind: str, on_numpy: Any) -> None:
    """The whole sequence at once, the cell step by step, unrolled, backwards over the reversed sequence."""
    layer = _made(kind, return_sequences=True)
    want = layer(X)
    stepwise = layers.RNN(getattr(layers, f"{kind}Cell")(5), return_sequences=True)
    for other, data in (
        (stepwise, X),
        (_made(kind, return_sequences=True, unroll=True), X),
        (_made(kind, return_sequences=True, go_backwards=True), X[:, ::-1]),
    ):
        other(data)
        other.set_weights(layer.get_weights())
        assert_near([other(data)], [want], 1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_is_that_of_the_cell(kind: str, on_numpy: Any) -> None:
    layer = _made(kind, dropout=0.4, name="same")
    cell = type(layer.cell).from_config(layer.cell.get_config())
    stepwise = layers.RNN(cell, name="same")
    stepwise(X)
    stepwise.set_weights(layer.get_weights())
    got, want = stepwise(X, training=True), layer(X, training=True)
    assert_near([got], [want], 1e-6)
    assert not np.allclose(want, layer(X))


def test_any_number_of_steps(backend: str) -> None:
    x = mb.Input((None, 4))
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    y = layers.TimeDistributed(layers.Dense(2))(layers.GRU(3, return_sequences=True)(y))
    assert y.shape == (None, None, 2)
    model = mb.Model(x, y)
    assert model(X).shape == (3, 6, 2)
    assert model(X[:2, :3]).shape == (2, 3, 2)


class Leaky(layers.Layer):
    """A cell as a person writes one."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], self.units), "ones", name="kernel")

    def call(self, inputs: Any, states: Any) -> Any:
        h = states[0] * 0.5 + ops.matmul(inputs, self.kernel)
        return h, [h]


def test_a_cell_of_ones_own(backend: str) -> None:
    got = as_host_array(layers.RNN(Leaky(2), return_sequences=True)(X))
    want = np.zeros((3, 6, 2))
    for t in range(6):
        want[:, t] = X[:, t].sum(-1, keepdims=True) + (0.5 * want[:, t - 1] if t else 0)
    assert_near([got], [want], 1e-6)


def test_the_forget_gate_starts_open(on_numpy: Any) -> None:
    layer = layers.LSTM(2)
    layer.build((None, None, 3))
    assert layer.get_weights()[2].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    plain = layers.LSTM(2, unit_forget_bias=False)
    plain.build((None, None, 3))
    assert plain.get_weights()[2].tolist() == [0] * 8


def test_bidirectional_weights_and_states(on_numpy: Any) -> None:
    forward, backward = _made("LSTM", return_state=True), _made("LSTM", return_state=True, go_backwards=True)
    both = layers.Bidirectional(forward, weights=[*forward.get_weights(), *backward.get_weights()])
    y, *states = both(X)
    a, b = forward(X), backward(X)
    assert_near([y], [np.concatenate([a[0], b[0]], axis=-1)], 1e-6)
    assert_near(states, [*a[1:], *b[1:]], 1e-6)
    again = both(X, initial_state=states)
    assert_near(list(again[1:3]), list(forward(X, initial_state=list(a[1:]))[1:]), 1e-6)
