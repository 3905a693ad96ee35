"""The activation functions by name, each with its definition in NumPy float64."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

POINTS = np.concatenate(
    [
        np.random.default_rng(17).uniform(-4.0, 4.0, (5, 6)),
        [[-30.0, -8.0, -1e-3, 1e-3, 8.0, 30.0], [0.25, 0.25, -0.75, -0.75, 1.5, 1.5]],
    ]
)
"""Where they are judged: around 0, in the tails, and with ties; not on a kink, where gradients are the ops' matter."""

ARGUMENTS: Mapping[str, Mapping[str, Any]] = {"threshold": {"threshold": 0.3, "default_value": -1.0}}
"""What a function cannot be called without."""


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def _softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _sparsemax(x: np.ndarray) -> np.ndarray:
    """The nearest distribution, its threshold found by bisection."""
    low, high = x.min(-1, keepdims=True) - 1.0, x.max(-1, keepdims=True)
    for _ in range(100):
        middle = (low + high) / 2.0
        above = np.maximum(x - middle, 0.0).sum(-1, keepdims=True) > 1.0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.maximum(x - low, 0.0)


_ERF = np.vectorize(math.erf)
_SELU = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

ACTIVATIONS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "celu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0.0))),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0.0))),
    "exponential": np.exp,
    "gelu": lambda x: 0.5 * x * (1.0 + _ERF(x / math.sqrt(2.0))),
    "glu": lambda x: x[:, :3] * _sigmoid(x[:, 3:]),
    "hard_shrink": lambda x: np.where(np.abs(x) > 0.5, x, 0.0),
    "hard_sigmoid": lambda x: np.clip(x / 6.0 + 0.5, 0.0, 1.0),
    "hard_silu": lambda x: x * np.clip(x / 6.0 + 0.5, 0.0, 1.0),
    "hard_tanh": lambda x: np.clip(x, -1.0, 1.0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "linear": lambda x: x,
    "log_sigmoid": lambda x: -np.logaddexp(0.0, -x),
    "log_softmax": lambda x: x - np.logaddexp.reduce(x, -1, keepdims=True),
    "mish": lambda x: x * np.tanh(np.logaddexp(0.0, x)),
    "relu": lambda x: np.maximum(x, 0.0),
    "relu6": lambda x: np.clip(x, 0.0, 6.0),
    "selu": lambda x: _SELU[0] * np.where(x > 0, x, _SELU[1] * np.expm1(np.minimum(x, 0.0))),
    "sigmoid": _sigmoid,
    "silu": lambda x: x * _sigmoid(x),
    "soft_shrink": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0.0),
    "softmax": _softmax,
    "softplus": lambda x: np.logaddexp(0.0, x),
    "softsign": lambda x: x / (1.0 + np.abs(x)),
    "sparse_plus": lambda x: np.where(x >= 1, x, (np.maximum(x, -1.0) + 1.0) ** 2 / 4.0),
    "sparse_sigmoid": lambda x: np.clip((x + 1.0) / 2.0, 0.0, 1.0),
    "sparsemax": _sparsemax,
    "squareplus": lambda x: (x + np.sqrt(x * x + 4.0)) / 2.0,
    "tanh": np.tanh,
    "tanh_shrink": lambda x: x - np.tanh(x),
    "threshold": lambda x: np.where(x > 0.3, x, -1.0),
}
