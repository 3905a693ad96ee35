"""Recurrent layers: the library's own where their form is the usual one, else a scan over the steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from multiback import ops
from multiback_onnx.importer.node import Node, array, dtype_of
from multiback_onnx.importer.registry import handler


def _layout(node: Node, x: Any) -> Any:
    """x as (batch, time, features)."""
    return x if node.get("layout", 0) else ops.transpose(x, (1, 0, 2))


def _directions(node: Node) -> list[bool]:
    """For each direction whether it runs backwards."""
    return {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[node.get("direction", "forward")]


def _state(node: Node, state: Any, direction: int) -> Any:
    """The initial state of a direction, (batch, units), or None."""
    if state is None:
        return None
    state = array(state)
    return state[:, direction] if node.get("layout", 0) else state[direction]


def _mask(x: Any, lengths: Any) -> Any:
    if lengths is None:
        return None
    return ops.less(ops.cast(ops.iota(x.shape[1]), dtype_of(lengths)), ops.expand_dims(array(lengths), 1))


def _gates(w: Any, order: Sequence[int], count: int) -> Any:
    """Rows of gates in another order, as columns: (gates * units, n) becomes (n, gates * units)."""
    if list(order) != list(range(count)):
        parts = ops.split(w, count, 0)
        w = ops.concat([parts[i] for i in order], 0)
    return ops.transpose(w, (1, 0)) if w.ndim == 2 else w


def _results(node: Node, outputs: list[Any], *states: list[Any]) -> tuple[Any, ...]:
    """Y, and the last states, in the layout that is asked for; each output is (batch, time, units)."""
    if node.get("layout", 0):
        y = ops.stack(outputs, 2)
        return (y, *(ops.stack(s, 1) for s in states))
    y = ops.stack([ops.transpose(o, (1, 0, 2)) for o in outputs], 1)
    return (y, *(ops.stack(s, 0) for s in states))


_PLAIN = {"Tanh": "tanh", "Sigmoid": "sigmoid", "Relu": "relu"}


def _activations(node: Node, defaults: Sequence[str], direction: int) -> list[Callable[[Any], Any] | str]:
    """The activations of a direction: names where the library's layers take them, else functions."""
    count = len(defaults)
    names = node.get("activations") or list(defaults) * 2
    names = [n.capitalize() if n.islower() else n for n in names]
    alphas, betas = list(node.get("activation_alpha") or []), list(node.get("activation_beta") or [])
    found: list[Callable[[Any], Any] | str] = []
    for i, name in enumerate(names):
        alpha = alphas.pop(0) if name in _ALPHA and alphas else _ALPHA.get(name)
        beta = betas.pop(0) if name in _BETA and betas else _BETA.get(name)
        if direction * count <= i < (direction + 1) * count:
            if name not in _PLAIN and name not in _FUNCTIONS:
                raise node.refuse(f"the activation {name!r} is not known.")
            found.append(_PLAIN[name] if name in _PLAIN else _bound(_FUNCTIONS[name], alpha, beta))
    return found


def _bound(function: Callable[..., Any], alpha: Any, beta: Any) -> Callable[[Any], Any]:
    return lambda x: function(x, alpha, beta)


_ALPHA = {"Affine": 1.0, "LeakyRelu": 0.01, "ThresholdedRelu": 1.0, "ScaledTanh": 1.0, "HardSigmoid": 0.2, "Elu": 1.0}
_BETA = {"Affine": 0.0, "ScaledTanh": 1.0, "HardSigmoid": 0.5}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Affine": lambda x, a, b: ops.add(ops.multiply(x, a), b),
    "LeakyRelu": lambda x, a, b: ops.leaky_relu(x, a),
    "ThresholdedRelu": lambda x, a, b: ops.threshold(x, a, 0.0),
    "ScaledTanh": lambda x, a, b: ops.multiply(ops.tanh(ops.multiply(x, b)), a),
    "HardSigmoid": lambda x, a, b: ops.clip(ops.add(ops.multiply(x, a), b), 0.0, 1.0),
    "Elu": lambda x, a, b: ops.elu(x, a),
    "Softsign": lambda x, a, b: ops.softsign(x),
    "Softplus": lambda x, a, b: ops.softplus(x),
}


def _callable(node: Node, activation: Callable[[Any], Any] | str) -> Callable[[Any], Any]:
    function = getattr(ops, activation) if isinstance(activation, str) else activation
    clip = node.get("clip")
    return function if clip is None else lambda x: function(ops.clip(x, -clip, clip))


def _stepwise(
    x: Any, states: tuple[Any, ...], mask: Any, reverse: bool, step: Callable[..., tuple[Any, ...]]
) -> tuple[Any, tuple[Any, ...]]:
    """Runs `step(row, *states) -> new states` over time; the output is the first state, 0 where the mask is False."""

    def body(carry: Any, row: Any) -> Any:
        new = step(row[0], *carry)
        if mask is None:
            return new, new[0]
        live = ops.expand_dims(row[1], 1)
        kept = tuple(ops.where(live, n, old) for n, old in zip(new, carry))
        return kept, ops.where(live, new[0], 0.0)

    rows = (
        (ops.transpose(x, (1, 0, 2)),)
        if mask is None
        else (
            ops.transpose(x, (1, 0, 2)),
            ops.transpose(mask, (1, 0)),
        )
    )
    last, outputs = ops.scan(body, states, rows, reverse=reverse)
    return ops.transpose(outputs, (1, 0, 2)), last


@handler("RNN")
def rnn(node: Node, x: Any, w: Any, r: Any, b: Any = None, lengths: Any = None, h: Any = None) -> Any:
    """h = f(x W + h R + b)."""
    x = _layout(node, array(x))
    w, r, mask = array(w), array(r), _mask(x, lengths)
    outputs, last = [], []
    for d, reverse in enumerate(_directions(node)):
        (activation,) = _activations(node, ["Tanh"], d)
        kernel, recurrent = ops.transpose(w[d], (1, 0)), ops.transpose(r[d], (1, 0))
        units = recurrent.shape[0]
        bias = None if b is None else ops.add(array(b)[d, :units], array(b)[d, units:])
        start = _state(node, h, d)
        if isinstance(activation, str) and node.get("clip") is None:
            y, end = ops.simple_rnn(
                x, kernel, recurrent, bias, start, mask, activation, reverse, zero_output_for_mask=True
            )
        else:
            apply = _callable(node, activation)
            start = ops.zeros((x.shape[0], units), dtype_of(x)) if start is None else start

            def step(row: Any, state: Any, apply: Any = apply, rec: Any = recurrent) -> tuple[Any, ...]:
                return (apply(ops.add(row, ops.matmul(state, rec))),)

            mixed = ops.linear(x, kernel, bias)
            y, (end,) = _stepwise(mixed, (start,), mask, reverse, step)
        outputs.append(y)
        last.append(end)
    return _results(node, outputs, last)


@handler("GRU")
def gru(node: Node, x: Any, w: Any, r: Any, b: Any = None, lengths: Any = None, h: Any = None) -> Any:
    """Gated recurrent unit; gates are in the order z, r, h."""
    x = _layout(node, array(x))
    w, r, mask = array(w), array(r), _mask(x, lengths)
    after = bool(node.get("linear_before_reset", 0))
    outputs, last = [], []
    for d, reverse in enumerate(_directions(node)):
        f, g = _activations(node, ["Sigmoid", "Tanh"], d)
        kernel, recurrent = ops.transpose(w[d], (1, 0)), ops.transpose(r[d], (1, 0))
        units = recurrent.shape[0]
        start = _state(node, h, d)
        both = None if b is None else ops.reshape(array(b)[d], (2, 3 * units))
        bias = both if both is None or after else ops.add(both[0], both[1])
        if isinstance(f, str) and isinstance(g, str) and node.get("clip") is None:
            y, end = ops.gru(x, kernel, recurrent, bias, start, mask, g, f, after, reverse, zero_output_for_mask=True)
        else:
            gate, candidate = _callable(node, f), _callable(node, g)
            start = ops.zeros((x.shape[0], units), dtype_of(x)) if start is None else start
            step = _gru_step(gate, candidate, recurrent, None if both is None or not after else both[1], units, after)
            mixed = ops.linear(x, kernel, None if both is None else both[0] if after else bias)
            y, (end,) = _stepwise(mixed, (start,), mask, reverse, step)
        outputs.append(y)
        last.append(end)
    return _results(node, outputs, last)


def _gru_step(gate: Any, candidate: Any, recurrent: Any, bias: Any, units: Any, after: bool) -> Any:
    def step(row: Any, state: Any) -> tuple[Any, ...]:
        if after:
            mixed = ops.linear(state, recurrent, bias)
            z = gate(ops.add(row[:, :units], mixed[:, :units]))
            reset = gate(ops.add(row[:, units : 2 * units], mixed[:, units : 2 * units]))
            inner = ops.multiply(reset, mixed[:, 2 * units :])
        else:
            mixed = ops.matmul(state, recurrent[:, : 2 * units])
            z = gate(ops.add(row[:, :units], mixed[:, :units]))
            reset = gate(ops.add(row[:, units : 2 * units], mixed[:, units:]))
            inner = ops.matmul(ops.multiply(reset, state), recurrent[:, 2 * units :])
        n = candidate(ops.add(row[:, 2 * units :], inner))
        return (ops.add(ops.multiply(z, state), ops.multiply(ops.subtract(1.0, z), n)),)

    return step


@handler("LSTM")
def lstm(
    node: Node,
    x: Any,
    w: Any,
    r: Any,
    b: Any = None,
    lengths: Any = None,
    h: Any = None,
    c: Any = None,
    p: Any = None,
) -> Any:
    """Long short-term memory; gates are in the order i, o, f, c, with peepholes for i, o, f."""
    x = _layout(node, array(x))
    w, r, mask = array(w), array(r), _mask(x, lengths)
    outputs, hidden, cells = [], [], []
    for d, reverse in enumerate(_directions(node)):
        f, g, out = _activations(node, ["Sigmoid", "Tanh", "Tanh"], d)
        order = (0, 2, 3, 1)
        kernel, recurrent = _gates(w[d], order, 4), _gates(r[d], order, 4)
        units = recurrent.shape[0]
        bias = None
        if b is not None:
            bias = _gates(ops.add(array(b)[d, : 4 * units], array(b)[d, 4 * units :]), order, 4)
        starts = _state(node, h, d), _state(node, c, d)
        usual = isinstance(f, str) and isinstance(g, str) and g == out and node.get("clip") is None
        if usual and p is None and not node.get("input_forget", 0):
            y, h_last, c_last = ops.lstm(
                x, kernel, recurrent, bias, *starts, mask, g, f, reverse, zero_output_for_mask=True
            )
        else:
            zeros = ops.zeros((x.shape[0], units), dtype_of(x))
            begin = tuple(zeros if s is None else s for s in starts)
            peepholes = None if p is None else ops.split(array(p)[d], 3, 0)
            functions = [_callable(node, f), _callable(node, g), out if callable(out) else getattr(ops, out)]
            step = _lstm_step(functions, recurrent, peepholes, units, bool(node.get("input_forget", 0)))
            y, (h_last, c_last) = _stepwise(ops.linear(x, kernel, bias), begin, mask, reverse, step)
        outputs.append(y)
        hidden.append(h_last)
        cells.append(c_last)
    return _results(node, outputs, hidden, cells)


def _lstm_step(functions: list[Any], recurrent: Any, peepholes: Any, units: Any, coupled: bool) -> Any:
    """One step on gates in the order i, f, c, o; `coupled` makes the forget gate 1 - i."""
    gate, candidate, out = functions

    def step(row: Any, h: Any, c: Any) -> tuple[Any, ...]:
        mixed = ops.add(row, ops.matmul(h, recurrent))
        i, f, n, o = (mixed[:, k * units : (k + 1) * units] for k in range(4))
        if peepholes is not None:
            i, f = ops.add(i, ops.multiply(peepholes[0], c)), ops.add(f, ops.multiply(peepholes[2], c))
        i = gate(i)
        f = ops.subtract(1.0, i) if coupled else gate(f)
        new = ops.add(ops.multiply(f, c), ops.multiply(i, candidate(n)))
        if peepholes is not None:
            o = ops.add(o, ops.multiply(peepholes[1], new))
        return ops.multiply(gate(o), out(new)), new

    return step
