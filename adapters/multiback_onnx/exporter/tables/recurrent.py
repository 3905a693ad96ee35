"""Recurrent layers over whole sequences. Gates are put into ONNX's order; what ONNX has not expands to a loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.graph.ir import Equation
from multiback_onnx.exporter.emitter import Call, Emitter
from multiback_onnx.exporter.tables import single, writes

_NAMES: dict[str, tuple[str, float | None, float | None]] = {
    "tanh": ("Tanh", None, None),
    "sigmoid": ("Sigmoid", None, None),
    "relu": ("Relu", None, None),
    "softsign": ("Softsign", None, None),
    "softplus": ("Softplus", None, None),
    "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5),
}


def _known(equation: Equation, opset: int) -> bool:
    """Without a mask, and with functions that ONNX knows."""
    operands = dict(zip(equation.op.operands, equation.inputs))
    names = [equation.attributes[k] for k in ("activation", "recurrent_activation") if k in equation.attributes]
    if operands["mask"] is not None or any(n not in _NAMES for n in names):
        return False
    return single(equation, *(n for name in names for n in _NAMES[name][1:] if n is not None))


def _functions(*names: str) -> dict[str, Any]:
    """The attributes that say which functions are used; numbers are listed for those that take them."""
    found = [_NAMES[name] for name in names]
    if all(name in ("Tanh", "Sigmoid", "Relu", "Softsign", "Softplus") for name, *_ in found):
        return {"activations": [name for name, *_ in found]}
    alphas = [a for _, a, _ in found if a is not None]
    betas = [b for *_, b in found if b is not None]
    return {"activations": [name for name, *_ in found], "activation_alpha": alphas, "activation_beta": betas}


def _gates(e: Emitter, name: str, order: tuple[int, ...], axis: int) -> str:
    """Blocks along an axis in another order."""
    if order == tuple(range(len(order))):
        return name
    parts: list[str] = e.node("Split", [name], len(order), axis=axis, num_outputs=len(order))
    return e.node("Concat", [parts[i] for i in order], axis=axis)


def _weights(e: Emitter, kernel: Any, order: tuple[int, ...]) -> str:
    """(features, gates * units) as ONNX has it: (1, gates * units, features)."""
    return e.node("Unsqueeze", [_gates(e, e.arranged(kernel, (1, 0)), order, 0), e.integers(0)])


def _bias(e: Emitter, inner: str, recurrent: str) -> str:
    return e.node("Unsqueeze", [e.node("Concat", [inner, recurrent], axis=0), e.integers(0)])


def _state(e: Emitter, state: Any) -> str:
    return e.node("Unsqueeze", [e.name(state), e.integers(0)]) if state is not None else ""


def _zeros(e: Emitter, count: int, dtype: Any) -> str:
    return e.constant(np.zeros(count, dtype.numpy))


def _run(
    call: Call, op: str, x: Any, operands: list[str], units: int, outputs: int, reverse: bool, **attributes: Any
) -> tuple[str, ...]:
    """The node, with its outputs as ours are: (batch, time, units) and states (batch, units)."""
    e = call.emitter
    direction = "reverse" if reverse else "forward"
    found = e.node(op, [e.arranged(x, (1, 0, 2)), *operands], outputs, hidden_size=units, direction=direction,
                   **attributes)  # fmt: skip
    rows = e.node("Transpose", [e.node("Squeeze", [found[0], e.integers(1)])], perm=[1, 0, 2])
    return (rows, *(e.node("Squeeze", [state, e.integers(0)]) for state in found[1:]))


@writes("simple_rnn", when=_known)
def _simple_rnn(
    call: Call, x: Any, kernel: Any, recurrent_kernel: Any, bias: Any, h: Any, mask: Any, activation: str,
    reverse: bool, zero_output_for_mask: bool,
) -> tuple[str, ...]:  # fmt: skip
    e, units = call.emitter, int(recurrent_kernel.shape[0])
    biases = _bias(e, e.name(bias), _zeros(e, units, x.dtype)) if bias is not None else ""
    operands = [_weights(e, kernel, (0,)), _weights(e, recurrent_kernel, (0,)), biases, "", _state(e, h)]
    return _run(call, "RNN", x, operands, units, 2, reverse, **_functions(activation))


@writes("lstm", when=_known)
def _lstm(
    call: Call, x: Any, kernel: Any, recurrent_kernel: Any, bias: Any, h: Any, c: Any, mask: Any, activation: str,
    recurrent_activation: str, reverse: bool, zero_output_for_mask: bool,
) -> tuple[str, ...]:  # fmt: skip
    e, units = call.emitter, int(recurrent_kernel.shape[0])
    order = (0, 3, 1, 2)  # ours: input, forget, cell, output; ONNX: input, output, forget, cell
    biases = ""
    if bias is not None:
        biases = _bias(e, _gates(e, e.name(bias), order, 0), _zeros(e, 4 * units, x.dtype))
    operands = [
        _weights(e, kernel, order),
        _weights(e, recurrent_kernel, order),
        biases,
        "",
        _state(e, h),
        _state(e, c),
    ]
    functions = _functions(recurrent_activation, activation, activation)
    return _run(call, "LSTM", x, operands, units, 3, reverse, **functions)


@writes("gru", when=_known)
def _gru(
    call: Call, x: Any, kernel: Any, recurrent_kernel: Any, bias: Any, h: Any, mask: Any, activation: str,
    recurrent_activation: str, reset_after: bool, reverse: bool, zero_output_for_mask: bool,
) -> tuple[str, ...]:  # fmt: skip
    e, units = call.emitter, int(recurrent_kernel.shape[0])
    order, biases = (0, 1, 2), ""
    if bias is not None and reset_after:
        biases = e.node("Reshape", [e.name(bias), e.integers(1, 6 * units)])
    elif bias is not None:
        biases = _bias(e, e.name(bias), _zeros(e, 3 * units, x.dtype))
    operands = [_weights(e, kernel, order), _weights(e, recurrent_kernel, order), biases, "", _state(e, h)]
    functions = _functions(recurrent_activation, activation)
    return _run(call, "GRU", x, operands, units, 2, reverse, linear_before_reset=int(reset_after), **functions)
