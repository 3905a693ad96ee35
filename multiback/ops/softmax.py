"""Normalised exponentials along one or several axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.ops._cases import HALVES, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, composite
from multiback.ops._rules import Axes, axis_indices, promoting
from multiback.ops.casting import stop_gradient
from multiback.ops.exponential import exp, log
from multiback.ops.reduction import max, sum

_FLOAT = promoting("x", to_float=True)
_INF, _NAN = float("inf"), float("nan")


def _softmax_axes(call: dict[str, Any]) -> None:
    """One axis as an int, several as a sorted tuple, all counted from the front."""
    _FLOAT(call)
    axes = axis_indices(call["axis"], call["x"].ndim)
    call["axis"] = axes[0] if len(axes) == 1 else axes


def _softmax_cases(scale: Any) -> list[Case]:
    bound = Bound(16, scale)
    # An axis of symbolic size may be empty, and an empty slice has no maximum.
    return [
        Case((Sample(("batch", 3, 5), -9, 9),), {"axis": axis}, f"axis={axis}", bound=bound, edges=edges)
        for axis, edges in ((-1, True), (1, True), (0, False), ((1, 2), True), ((-1, 0), False), (None, False))
    ] + [
        Case(operands, {}, label, dtypes, bound, differentiable)
        for label, operands, dtypes, differentiable in (
            ("special", (Sample(values=[[-_INF, 0.0, 1.0], [90.0, -90.0, 1000.0]]),), ("float32",), False),
            ("divergence-26", (Sample(values=[[-_INF, -_INF], [_NAN, _NAN]]),), ("float32",), False),
            ("one class", (Sample(("batch", 1)),), ("float32",), True),
            ("one axis", (Sample((5,)),), ("float32",), True),
            ("thousand classes", (Sample((2, 1000), -40, 40),), ("float32",), True),
            ("integers", (Sample((3, 4), -9, 9),), ("int32", "uint8", "bool"), False),
            ("other floats", (Sample((4, 7), -9, 9),), OTHER_FLOATS, False),
            ("gradient in half precision", (Sample((4, 7)),), HALVES, True),
        )
    ]


def _shifted(x: Any, axis: Any) -> Any:
    return x - np.max(x, axis, keepdims=True).astype(np.float64)


def _softmax_scale(x: Any, axis: Any = -1) -> Any:
    axis = tuple(axis) if isinstance(axis, list) else axis
    shifted = _shifted(x, axis)
    e = np.exp(shifted)
    return e / np.sum(e, axis, keepdims=True) * (1 + np.abs(shifted))


def _log_softmax_scale(x: Any, axis: Any = -1) -> Any:
    return np.abs(x) + np.max(np.abs(x), axis, keepdims=True) + 1.0


@composite(canonical=_softmax_axes, cases=_softmax_cases(_softmax_scale))
def softmax(x: Array, axis: Axes = -1) -> Any:
    """Normalised exponentials: exp(x_i - m) / sum_j exp(x_j - m), m the maximum.

    Arguments:
        x: Any shape with at least one axis; integers become float32.
        axis: One axis, several, or None for all; the results along them sum to 1. A slice of
            only -inf gives NaN. A NaN gives NaN where it is; what the rest of its slice becomes is not defined.

    Returns:
        The shape of `x`.

    Example:
        >>> ops.softmax([0.0, 0.0]).tolist()
        [0.5, 0.5]
    """
    e = exp(x - stop_gradient(max(x, axis=axis, keepdims=True)))
    return e / sum(e, axis=axis, keepdims=True)


@softmax.vjp
def _(g: Any, y: Any, x: Any, axis: Any) -> Any:
    weighted = g * y
    return weighted - y * sum(weighted, axis=axis, keepdims=True)


@composite(canonical=_softmax_axes, cases=_softmax_cases(_log_softmax_scale))
def log_softmax(x: Array, axis: Axes = -1) -> Any:
    """Logarithm of softmax: x_i - m - log(sum_j exp(x_j - m)), m the maximum.

    Arguments:
        x: Any shape with at least one axis; integers become float32.
        axis: One axis, several, or None for all. A slice of only -inf gives NaN.
            A NaN gives NaN where it is; what the rest of its slice becomes is not defined.

    Returns:
        The shape of `x`.

    Example:
        >>> [round(y, 4) for y in ops.log_softmax([0.0, 0.0]).tolist()]
        [-0.6931, -0.6931]
    """
    shifted = x - stop_gradient(max(x, axis=axis, keepdims=True))
    return shifted - log(sum(exp(shifted), axis=axis, keepdims=True))


@log_softmax.vjp
def _(g: Any, y: Any, x: Any, axis: Any) -> Any:
    return g - exp(y) * sum(g, axis=axis, keepdims=True)
