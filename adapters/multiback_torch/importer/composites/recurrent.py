"""Recurrent layers: stacked, in one or both directions, and their cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from multiback import ops
from multiback_torch.importer.handlers import Context

Step = Callable[..., Any]
"""`step(x, weights, states, reverse) -> (outputs, *last states)`: one layer in one direction, x (batch, time, size)."""


def _layers(
    step: Step, x: Any, states: Sequence[Any], params: Sequence[Any], has_biases: bool, layers: int, dropout: float,
    train: bool, bidirectional: bool, batch_first: bool, context: Context,
) -> tuple[Any, ...]:  # fmt: skip
    """All layers; each of `states` is (layers * directions, batch, size)."""
    x = x if batch_first else ops.transpose(x, (1, 0, 2))
    directions = 2 if bidirectional else 1
    each = len(params) // (layers * directions)
    last: list[tuple[Any, ...]] = []
    for layer in range(layers):
        outputs = []
        for direction in range(directions):
            i = layer * directions + direction
            weights = _named(params[i * each : (i + 1) * each], has_biases)
            y, *new = step(x, weights, [s[i] for s in states], bool(direction))
            outputs.append(y)
            last.append(tuple(new))
        x = outputs[0] if directions == 1 else ops.concatenate(outputs, -1)
        if dropout and (train or context.training) and layer < layers - 1:
            x = ops.dropout(x, context.key(), dropout)
    stacked = (ops.stack(list(column)) for column in zip(*last))
    return (x if batch_first else ops.transpose(x, (1, 0, 2)), *stacked)


def _named(params: Sequence[Any], has_biases: bool) -> tuple[Any, Any, Any, Any, Any]:
    """The weights for inputs and states, their biases, and the projection of an LSTM (None where there is none)."""
    inputs, recurrent, *rest = params
    biases = rest[:2] if has_biases else (None, None)
    rest = rest[2:] if has_biases else rest
    return inputs, recurrent, *biases, rest[0] if rest else None


def _turned(matrix: Any) -> Any:
    return ops.transpose(matrix, (1, 0))


def _added(a: Any, b: Any) -> Any:
    return None if a is None else a + b


def _lstm_step(x: Any, weights: Any, states: Any, reverse: bool) -> Any:
    """The gates stand in the same order in torch and here: i, f, g, o."""
    inputs, recurrent, bias, other, projection = weights
    if projection is not None:
        return _projected(x, weights, states, reverse)
    return ops.lstm(x, _turned(inputs), _turned(recurrent), _added(bias, other), *states, reverse=reverse)


def _projected(x: Any, weights: Any, states: Any, reverse: bool) -> Any:
    """An LSTM whose state h is a product of its output with a matrix."""
    inputs, recurrent, bias, other, projection = weights
    bias = _added(bias, other)
    across = ops.linear(x, _turned(inputs), bias)

    def step(carry: Any, row: Any) -> Any:
        i, f, g, o = ops.split(row + ops.matmul(carry[0], _turned(recurrent)), 4, axis=-1)
        c = ops.sigmoid(f) * carry[1] + ops.sigmoid(i) * ops.tanh(g)
        h = ops.matmul(ops.sigmoid(o) * ops.tanh(c), _turned(projection))
        return (h, c), h

    (h, c), rows = ops.scan(step, tuple(states), ops.transpose(across, (1, 0, 2)), reverse=reverse)
    return ops.transpose(rows, (1, 0, 2)), h, c


def _gru_step(x: Any, weights: Any, states: Any, reverse: bool) -> Any:
    """torch's gates are r, z, n; here z, r, n."""
    inputs, recurrent, bias, other, _ = weights
    biases = None if bias is None else ops.stack([_z_first(bias), _z_first(other)])
    return ops.gru(x, _turned(_z_first(inputs)), _turned(_z_first(recurrent)), biases, *states, reverse=reverse)


def _z_first(gates: Any) -> Any:
    r, z, n = ops.split(gates, 3, axis=0)
    return ops.concatenate([z, r, n], 0)


def _simple_step(activation: str) -> Step:
    def step(x: Any, weights: Any, states: Any, reverse: bool) -> Any:
        inputs, recurrent, bias, other, _ = weights
        return ops.simple_rnn(
            x, _turned(inputs), _turned(recurrent), _added(bias, other), *states, activation=activation, reverse=reverse
        )

    return step


def _lstm(
    x: Any, states: Any, params: Any, has_biases: bool, layers: int, dropout: float, train: bool, bidirectional: bool,
    batch_first: bool, *, context: Context,
) -> Any:  # fmt: skip
    rest = (params, has_biases, layers, dropout, train, bidirectional, batch_first, context)
    return _layers(_lstm_step, x, states, *rest)


def _one_state(step: Step) -> Callable[..., Any]:
    def handler(
        x: Any, state: Any, params: Any, has_biases: bool, layers: int, dropout: float, train: bool,
        bidirectional: bool, batch_first: bool, *, context: Context,
    ) -> Any:  # fmt: skip
        rest = (params, has_biases, layers, dropout, train, bidirectional, batch_first, context)
        return _layers(step, x, [state], *rest)

    return handler


def _cell(step: Step, count: int) -> Callable[..., Any]:
    """A cell is a layer over one step."""

    def handler(x: Any, states: Any, inputs: Any, recurrent: Any, bias: Any, other: Any) -> Any:
        given = list(states) if isinstance(states, list | tuple) else [states]
        row = ops.expand_dims(x, 1)
        _, *last = step(row, (inputs, recurrent, bias, other, None), given, False)
        return tuple(last) if count > 1 else last[0]

    return handler


HANDLERS: dict[str, Callable[..., Any]] = {
    "aten.lstm.input": _lstm,
    "aten.gru.input": _one_state(_gru_step),
    "aten.rnn_tanh.input": _one_state(_simple_step("tanh")),
    "aten.rnn_relu.input": _one_state(_simple_step("relu")),
    "aten.lstm_cell": _cell(_lstm_step, 2),
    "aten.gru_cell": _cell(_gru_step, 1),
    "aten.rnn_tanh_cell": _cell(_simple_step("tanh"), 1),
    "aten.rnn_relu_cell": _cell(_simple_step("relu"), 1),
}
