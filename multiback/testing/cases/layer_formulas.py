"""Layers whose defaults, formulas or weight layouts differ between frameworks, with their meaning written out in NumPy.

The numbers are those of the list of divergences in the documentation of the suite. Each formula is independent of the
layer's own code, so that the layer and the reference cannot be wrong together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback.random import _host
from multiback.random._seed import key_for
from multiback.testing.cases.layers.case import LayerCase

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Formula:
    """What a forward pass in float64 must give.

    Attributes:
        label: The divergence it settles.
        case: The layer.
        meaning: From weights and inputs by name to results by name.
    """

    label: str
    case: LayerCase
    meaning: Callable[[Arrays], Arrays]


@dataclass(frozen=True)
class Start:
    """What a layer's weights must be before training.

    Attributes:
        label: The divergence it settles.
        case: The layer.
        weights: By name.
    """

    label: str
    case: LayerCase
    weights: Callable[[], Arrays]


def _batch_normalization(given: Arrays) -> Arrays:
    """momentum 0.99, epsilon 1e-3; the moving variance takes the mean of squares over n, not over n - 1."""
    x = given["input 0"]
    mean, variance = x.mean(0), x.var(0)
    return {
        "output 0": (x - mean) / np.sqrt(variance + 1e-3) * given["gamma"] + given["beta"],
        "moving_mean afterwards": 0.99 * given["moving_mean"] + 0.01 * mean,
        "moving_variance afterwards": 0.99 * given["moving_variance"] + 0.01 * variance,
    }


def _layer_normalization(given: Arrays) -> Arrays:
    """epsilon 1e-3, inside the root."""
    x = given["input 0"]
    centred = x - x.mean(-1, keepdims=True)
    return {"output 0": centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-3) * given["gamma"] + given["beta"]}


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def _lstm(given: Arrays) -> Arrays:
    """Gates in the order input, forget, candidate, output, with one bias."""
    kernel, recurrent, bias = (given[f"lstm_cell/{n}"] for n in ("kernel", "recurrent_kernel", "bias"))
    h = c = np.zeros((len(given["input 0"]), recurrent.shape[0]))
    for x in np.swapaxes(given["input 0"], 0, 1):
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
    return {"output 0": h}


def _gru(given: Arrays) -> Arrays:
    """Gates in the order update, reset, candidate; the reset gate acts after the product; a bias for either product."""
    kernel, recurrent, bias = (given[f"gru_cell/{n}"] for n in ("kernel", "recurrent_kernel", "bias"))
    h = np.zeros((len(given["input 0"]), recurrent.shape[0]))
    for x in np.swapaxes(given["input 0"], 0, 1):
        xz, xr, xh = np.split(x @ kernel + bias[0], 3, axis=-1)
        hz, hr, hh = np.split(h @ recurrent + bias[1], 3, axis=-1)
        z, r = _sigmoid(xz + hz), _sigmoid(xr + hr)
        h = z * h + (1.0 - z) * np.tanh(xh + r * hh)
    return {"output 0": h}


def _gru_reset_before(given: Arrays) -> Arrays:
    """With `reset_after=False` the reset gate acts before the product, and there is one bias."""
    kernel, recurrent, bias = (given[f"gru_cell/{n}"] for n in ("kernel", "recurrent_kernel", "bias"))
    units = recurrent.shape[0]
    h = np.zeros((len(given["input 0"]), units))
    for x in np.swapaxes(given["input 0"], 0, 1):
        xz, xr, xh = np.split(x @ kernel + bias, 3, axis=-1)
        z = _sigmoid(xz + h @ recurrent[:, :units])
        r = _sigmoid(xr + h @ recurrent[:, units : 2 * units])
        h = z * h + (1.0 - z) * np.tanh(xh + (r * h) @ recurrent[:, 2 * units :])
    return {"output 0": h}


def _dense_start() -> Arrays:
    """Glorot's uniform scheme for the kernel, zeros for the bias."""
    limit = math.sqrt(6.0 / (4 + 3))
    return {"kernel": _host.uniform(key_for("tested/kernel"), (4, 3), -limit, limit, "float32"), "bias": np.zeros(3)}


def _lstm_start() -> Arrays:
    """The bias of the forget gate starts at 1."""
    return {"lstm_cell/bias": np.repeat([0.0, 1.0, 0.0, 0.0], 3)}


_SEQUENCES: Any = ((2, 4, 5),)

FORMULAS = (
    Formula(
        "divergence-38",
        LayerCase("BatchNormalization", {}, ((4, 3),), (4, 3), training=True),
        _batch_normalization,
    ),
    Formula("divergence-39", LayerCase("LayerNormalization", {}, ((2, 4, 3),), (2, 4, 3)), _layer_normalization),
    Formula("divergence-56", LayerCase("LSTM", {"units": 3}, _SEQUENCES, (2, 3)), _lstm),
    Formula("divergence-57", LayerCase("GRU", {"units": 3}, _SEQUENCES, (2, 3)), _gru),
    Formula(
        "divergence-57,reset_after=False",
        LayerCase("GRU", {"units": 3, "reset_after": False}, _SEQUENCES, (2, 3)),
        _gru_reset_before,
    ),
)

STARTS = (
    Start("divergence-58", LayerCase("Dense", {"units": 3}, ((2, 4),), (2, 3)), _dense_start),
    Start("divergence-56,initial", LayerCase("LSTM", {"units": 3}, _SEQUENCES, (2, 3)), _lstm_start),
)
