"""Recurrent layers over whole sequences: a cell applied step by step with `scan`, gates in the order of Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from multiback import dtypes
from multiback.errors import ArgumentError, ShapeError, unknown_name
from multiback.ops import activations
from multiback.ops._cases import HALVES, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, composite
from multiback.ops._rules import as_type, promoting
from multiback.ops.control import scan
from multiback.ops.creation import zeros
from multiback.ops.exponential import exp
from multiback.ops.joining import split
from multiback.ops.linalg import matmul
from multiback.ops.selection import where
from multiback.ops.shaping import expand_dims, transpose
from multiback.ops.softmax import softmax
from multiback.ops.trigonometry import tanh

_NAMES = ("elu", "gelu", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu", "log_sigmoid", "mish", "relu", "relu6")
_MORE = ("selu", "sigmoid", "silu", "softplus", "softsign", "squareplus", "swish", "tanh_shrink")
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda x: x,
    "tanh": tanh,
    "exponential": exp,
    "softmax": softmax,
    **{name: getattr(activations, name) for name in (*_NAMES, *_MORE)},
}
"""The functions that a recurrent op knows by name."""

Cell = Callable[[Any, tuple[Any, ...]], tuple[Any, ...]]


def _canonical(gates: int, *states: str, biases: int = 1) -> Callable[[dict[str, Any]], None]:
    """Canonical form: one dtype, known activations, and shapes that fit together."""

    def canonical(call: dict[str, Any]) -> None:
        promoting("x", "kernel", "recurrent_kernel", "bias", *states, to_float=True)(call)
        for name in ("activation", "recurrent_activation"):
            if name in call and call[name] not in ACTIVATIONS:
                raise unknown_name("activation of a recurrent op", call[name], ACTIVATIONS)
        x, kernel, recurrent = call["x"], call["kernel"], call["recurrent_kernel"]
        if x.ndim != 3:
            raise ShapeError(f"A recurrent op takes x of shape (batch, time, features), got {x.shape}.")
        units = recurrent.shape[0]
        doubled = biases == 2 and call["reset_after"]
        expected = {
            "kernel": (x.shape[2], gates * units),
            "recurrent_kernel": (units, gates * units),
            "bias": (2, gates * units) if doubled else (gates * units,),
            "mask": x.shape[:2],
            **dict.fromkeys(states, (x.shape[0], units)),
        }
        for name, shape in expected.items():
            if call[name] is not None and call[name].shape != shape:
                raise ShapeError(f"{name} must have shape {shape} for x of shape {x.shape}, got {call[name].shape}.")
        call["mask"] = as_type(call["mask"], dtypes.bool_)
        if call["kernel"].ndim != 2 or kernel.shape[1] != gates * units:
            raise ArgumentError(f"kernel must be (features, {gates} * units), got {kernel.shape}.")

    return canonical


def _over_time(
    cell: Cell, x: Any, kernel: Any, given: tuple[Any, ...], mask: Any, reverse: bool, zero_output_for_mask: bool
) -> tuple[Any, ...]:
    """All outputs (the first state after each step) and the last states of a cell run along axis 1 of `x`."""
    units = kernel.shape[0]
    initial = tuple(zeros((x.shape[0], units), x.dtype) if s is None else s for s in given)
    steps = transpose(x, (1, 0, 2))
    if mask is None:

        def step(states: Any, row: Any) -> Any:
            new = cell(row, states)
            return new, new[0]

        last, outputs = scan(step, initial, steps, reverse=reverse)
        return (transpose(outputs, (1, 0, 2)), *last)

    blank = zeros((x.shape[0], units), x.dtype)

    def masked_step(carry: Any, rows: Any) -> Any:
        states, before = carry
        row, known = rows
        known = expand_dims(known, -1)
        new = cell(row, states)
        kept = tuple(where(known, a, b) for a, b in zip(new, states))
        output = where(known, new[0], blank if zero_output_for_mask else before)
        return (kept, output), output

    (last, _), outputs = scan(masked_step, (initial, blank), (steps, transpose(mask, (1, 0))), reverse=reverse)
    return (transpose(outputs, (1, 0, 2)), *last)


def _biased(x: Any, bias: Any) -> Any:
    return x if bias is None else x + bias


_X, _H = Sample(("batch", "time", 3)), Sample(("batch", 4))
_MASK = Sample(("batch", "time"), dtype="bool")
_PADDED = Sample(
    values=[[True] * 4, [True, True, False, False], [False] * 4, [True, False, False, False]], dtype="bool"
)
_LONG = Sample(values=[[True] * 6, [False, True, True, False, True, False], [False] * 6], dtype="bool")
_FRONT = Sample(values=[[True] * 4, [False, False, True, True], [False] * 4, [False, True, True, False]], dtype="bool")


def _cases(gates: int, states: int, divergence: str, *, biases: Any = None, **more: Any) -> list[Case]:
    kernel, recurrent = Sample((3, 4 * gates), -1, 1), Sample((4, 4 * gates), -1, 1)
    bias = biases or Sample((4 * gates,))
    initial, none = (_H,) * states, (None,) * states
    other = {"activation": "softsign", **({"recurrent_activation": "hard_sigmoid"} if gates > 1 else {})}
    rows: list[tuple[str, Any, tuple[Any, ...], Any, dict[str, Any]]] = [
        ("plain", bias, none, None, {}),
        ("states", bias, initial, None, {}),
        ("no bias, reverse", None, initial, None, {"reverse": True}),
        ("mask", bias, initial, _MASK, {}),
        ("mask, reverse, zeros", bias, initial, _MASK, {"reverse": True, "zero_output_for_mask": True}),
        ("other activations", bias, initial, None, other),
    ]
    # States are of order 1, and each step rounds sums of a few terms of order 4.
    bound = Bound(16, lambda *_, **__: 4.0)
    fixed = Sample((4, 4, 3)), (Sample((4, 4)),) * states
    return (
        [
            Case((_X, kernel, recurrent, b, *s, m), {**more, **attributes}, label, bound=bound)
            for label, b, s, m, attributes in rows
        ]
        + [
            Case((fixed[0], kernel, recurrent, bias, *s, m), {**more, **attributes}, label, bound=bound)
            for label, s, m, attributes in (
                ("padded", fixed[1], _PADDED, {}),
                ("padded, no states, zeros", none, _PADDED, {"zero_output_for_mask": True}),
                ("padded, reverse", none, _PADDED, {"reverse": True}),
                ("padded in front", none, _FRONT, {}),
                ("padded in front, states", fixed[1], _FRONT, {}),
            )
        ]
        + [
            Case((Sample((3, 6, 3)), kernel, recurrent, b, *s, m), {**more, **attributes}, label, types, bound, smooth)
            for label, b, s, m, attributes, types, smooth in (
                (divergence, bias, (Sample((3, 4)),) * states, None, {}, ("float32",), True),
                ("other floats", bias, (Sample((3, 4)),) * states, None, {}, OTHER_FLOATS, False),
                ("mask in other floats", bias, none, _LONG, {"zero_output_for_mask": True}, OTHER_FLOATS, False),
                ("gradient in half precision", None, none, None, {}, HALVES, True),
            )
        ]
    )


_RECTIFIED = Case(
    (Sample(("batch", 3, 3)), Sample((3, 4), -1, 1), Sample((4, 4), -0.5, 0.5), None, _H, None),
    {"activation": "relu"},
    "rectified",
    bound=Bound(16, lambda *_, **__: 4.0),
)


@composite(canonical=_canonical(1, "h"), cases=[*_cases(1, 1, "six steps"), _RECTIFIED])
def simple_rnn(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None = None,
    h: Array | None = None,
    mask: Array | None = None,
    activation: str = "tanh",
    reverse: bool = False,
    zero_output_for_mask: bool = False,
) -> Any:
    """Fully connected recurrence: h_t = activation(x_t K + h_{t-1} R + b).

    Arguments:
        x: (batch, time, features).
        kernel, recurrent_kernel, bias: K (features, units), R (units, units), b (units) or None.
        h: First state, (batch, units); None for zeros.
        mask: (batch, time), bools, or None. Where False, the state stays and the output is the last one (0 at first).
        activation: Name of a function.
        reverse: From the last step to the first; outputs keep the order of `x`.
        zero_output_for_mask: Outputs are 0 where `mask` is False.

    Returns:
        The outputs (batch, time, units) and the last state (batch, units).

    Raises:
        ShapeError: if shapes do not fit.
        UnknownNameError: for another activation.

    Source: Elman 1990, Finding structure in time.

    Example:
        >>> outputs, state = ops.simple_rnn(ops.ones((2, 5, 3)), ops.ones((3, 4)), ops.ones((4, 4)))
        >>> tuple(outputs.shape), tuple(state.shape)
        ((2, 5, 4), (2, 4))
    """

    def cell(row: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        return (ACTIVATIONS[activation](_biased(matmul(row, kernel), bias) + matmul(states[0], recurrent_kernel)),)

    return _over_time(cell, x, recurrent_kernel, (h,), mask, reverse, zero_output_for_mask)


@composite(canonical=_canonical(4, "h", "c"), cases=_cases(4, 2, "divergence-56"))
def lstm(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None = None,
    h: Array | None = None,
    c: Array | None = None,
    mask: Array | None = None,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    reverse: bool = False,
    zero_output_for_mask: bool = False,
) -> Any:
    """Long short-term memory: c_t = f * c_{t-1} + i * activation(g), h_t = o * activation(c_t).

    The gates i, f, g, o are the quarters of x_t K + h_{t-1} R + b, in this order; i, f and o go through
    `recurrent_activation`.

    Arguments:
        x: (batch, time, features).
        kernel, recurrent_kernel, bias: K (features, 4 units), R (units, 4 units), b (4 units) or None.
        h, c: First states, (batch, units); None for zeros.
        mask: (batch, time), bools, or None. Where False, the states stay and the output is the last one (0 at first).
        activation, recurrent_activation: Names of functions.
        reverse: From the last step to the first; outputs keep the order of `x`.
        zero_output_for_mask: Outputs are 0 where `mask` is False.

    Returns:
        The outputs (batch, time, units), the last h and the last c (batch, units).

    Raises:
        ShapeError: if shapes do not fit.
        UnknownNameError: for another activation.

    Source: Hochreiter and Schmidhuber 1997, Long short-term memory; Gers et al. 2000 (forget gate).

    Example:
        >>> outputs, h, c = ops.lstm(ops.ones((2, 5, 3)), ops.ones((3, 16)), ops.ones((4, 16)))
        >>> [tuple(x.shape) for x in (outputs, h, c)]
        [(2, 5, 4), (2, 4), (2, 4)]
    """
    act, gate = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation]

    def cell(row: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        z = _biased(matmul(row, kernel), bias) + matmul(states[0], recurrent_kernel)
        i, f, g, o = split(z, 4, axis=-1)
        memory = gate(f) * states[1] + gate(i) * act(g)
        return gate(o) * act(memory), memory

    return _over_time(cell, x, recurrent_kernel, (h, c), mask, reverse, zero_output_for_mask)


@composite(
    canonical=_canonical(3, "h", biases=2),
    cases=_cases(3, 1, "divergence-57", biases=Sample((2, 12)))
    + [replace(case, label=f"{case.label}, reset before") for case in _cases(3, 1, "divergence-57", reset_after=False)],
)
def gru(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None = None,
    h: Array | None = None,
    mask: Array | None = None,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    reset_after: bool = True,
    reverse: bool = False,
    zero_output_for_mask: bool = False,
) -> Any:
    """Gated recurrent unit: h_t = z * h_{t-1} + (1 - z) * activation(n), with update gate z and reset gate r.

    z, r and n are the thirds of x_t K + b_0 plus those of h_{t-1} R + b_1, in this order; z and r go through
    `recurrent_activation`. The recurrent part of n is r * (h_{t-1} R_n + b_1n) with `reset_after`, else
    (r * h_{t-1}) R_n, where there is only one bias.

    Arguments:
        x: (batch, time, features).
        kernel, recurrent_kernel: K (features, 3 units), R (units, 3 units).
        bias: (2, 3 units) with `reset_after`, else (3 units); or None.
        h: First state, (batch, units); None for zeros.
        mask: (batch, time), bools, or None. Where False, the state stays and the output is the last one (0 at first).
        activation, recurrent_activation: Names of functions.
        reset_after: Whether the reset gate acts after the product with R.
        reverse: From the last step to the first; outputs keep the order of `x`.
        zero_output_for_mask: Outputs are 0 where `mask` is False.

    Returns:
        The outputs (batch, time, units) and the last state (batch, units).

    Raises:
        ShapeError: if shapes do not fit.
        UnknownNameError: for another activation.

    Source: Cho et al. 2014, Learning phrase representations using RNN encoder-decoder.

    Example:
        >>> outputs, state = ops.gru(ops.ones((2, 5, 3)), ops.ones((3, 12)), ops.ones((4, 12)))
        >>> tuple(outputs.shape), tuple(state.shape)
        ((2, 5, 4), (2, 4))
    """
    act, gate = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation]
    units = recurrent_kernel.shape[0]  # type: ignore[attr-defined]
    inner = bias if bias is None or not reset_after else bias[0]  # type: ignore[index]

    def after(row: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        recurrent = _biased(matmul(states[0], recurrent_kernel), None if bias is None else bias[1])  # type: ignore[index]
        xz, xr, xn = split(_biased(matmul(row, kernel), inner), 3, axis=-1)
        hz, hr, hn = split(recurrent, 3, axis=-1)
        z = gate(xz + hz)
        return (z * states[0] + (1.0 - z) * act(xn + gate(xr + hr) * hn),)

    def before(row: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        xz, xr, xn = split(_biased(matmul(row, kernel), inner), 3, axis=-1)
        hz, hr = split(matmul(states[0], recurrent_kernel[:, : 2 * units]), 2, axis=-1)  # type: ignore[index]
        z = gate(xz + hz)
        n = act(xn + matmul(gate(xr + hr) * states[0], recurrent_kernel[:, 2 * units :]))  # type: ignore[index]
        return (z * states[0] + (1.0 - z) * n,)

    cell = after if reset_after else before
    return _over_time(cell, x, recurrent_kernel, (h,), mask, reverse, zero_output_for_mask)
