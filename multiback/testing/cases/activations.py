"""The activation functions, each with its definition in NumPy float64."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

POINTS = np.concatenate(
    [
        np.random.default_rng(17).uniform(-4.0, 4.0, (5, 6)),
        [[-30.0, -8.0, -1e-3, 1e-3, 8.0, 30.0], [0.25, 0.25, -0.75, -0.75, 1.5, 1.5]],
        [[0.0, 0.375, -0.5, 1.0, -3.0, 6.0], [-1.0, 0.25, 0.5, 1.25, 3.0, 2.0]],
    ]
)
"""Where they are judged: around 0, in the tails, with ties, and on the kinks."""


@dataclass(frozen=True, eq=False)
class ActivationCase:
    """An activation function, called with arguments, and its definition."""

    name: str
    meaning: Callable[[np.ndarray], np.ndarray]
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its arguments, as they appear in an id."""
        return ",".join(f"{k}={v}" for k, v in self.arguments.items())


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


def _relu(x: np.ndarray, negative_slope: float = 0.0, max_value: float = np.inf, threshold: float = 0.0) -> np.ndarray:
    return np.where(x > threshold, np.minimum(x, max_value), negative_slope * (x - threshold))


_RELUS: tuple[dict[str, Any], ...] = (
    {},
    {"negative_slope": 0.1},
    {"max_value": 6.0},
    {"max_value": 1.25},
    {"threshold": 0.375},
    {"negative_slope": 0.2, "max_value": 2.0, "threshold": 0.375},
    {"negative_slope": 0.2, "max_value": 6.0},
)

ACTIVATIONS = (
    ActivationCase("celu", lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0.0)))),
    ActivationCase("elu", lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0.0)))),
    ActivationCase("exponential", np.exp),
    ActivationCase("gelu", lambda x: 0.5 * x * (1.0 + _ERF(x / math.sqrt(2.0)))),
    ActivationCase("glu", lambda x: x[:, :3] * _sigmoid(x[:, 3:])),
    ActivationCase("hard_shrink", lambda x: np.where(np.abs(x) > 0.5, x, 0.0)),
    ActivationCase("hard_sigmoid", lambda x: np.clip(x / 6.0 + 0.5, 0.0, 1.0)),
    ActivationCase("hard_silu", lambda x: x * np.clip(x / 6.0 + 0.5, 0.0, 1.0)),
    ActivationCase("hard_tanh", lambda x: np.clip(x, -1.0, 1.0)),
    ActivationCase("leaky_relu", lambda x: np.where(x > 0, x, 0.2 * x)),
    ActivationCase("linear", lambda x: x),
    ActivationCase("log_sigmoid", lambda x: -np.logaddexp(0.0, -x)),
    ActivationCase("log_softmax", lambda x: x - np.logaddexp.reduce(x, -1, keepdims=True)),
    ActivationCase("mish", lambda x: x * np.tanh(np.logaddexp(0.0, x))),
    ActivationCase("relu6", lambda x: np.clip(x, 0.0, 6.0)),
    ActivationCase("selu", lambda x: _SELU[0] * np.where(x > 0, x, _SELU[1] * np.expm1(np.minimum(x, 0.0)))),
    ActivationCase("sigmoid", _sigmoid),
    ActivationCase("silu", lambda x: x * _sigmoid(x)),
    ActivationCase("soft_shrink", lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0.0)),
    ActivationCase("softmax", _softmax),
    ActivationCase("softplus", lambda x: np.logaddexp(0.0, x)),
    ActivationCase("softsign", lambda x: x / (1.0 + np.abs(x))),
    ActivationCase("sparse_plus", lambda x: np.where(x >= 1, x, (np.maximum(x, -1.0) + 1.0) ** 2 / 4.0)),
    ActivationCase("sparse_sigmoid", lambda x: np.clip((x + 1.0) / 2.0, 0.0, 1.0)),
    ActivationCase("sparsemax", _sparsemax),
    ActivationCase("squareplus", lambda x: (x + np.sqrt(x * x + 4.0)) / 2.0),
    ActivationCase("tanh", np.tanh),
    ActivationCase("tanh_shrink", lambda x: x - np.tanh(x)),
    ActivationCase("threshold", lambda x: np.where(x > 0.25, x, -1.0), {"threshold": 0.25, "default_value": -1.0}),
    *(ActivationCase("relu", functools.partial(_relu, **arguments), arguments) for arguments in _RELUS),
    ActivationCase(
        "gelu",
        lambda x: 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3))),
        {"approximate": True},
    ),
    ActivationCase("leaky_relu", lambda x: np.where(x > 0, x, 0.05 * x), {"negative_slope": 0.05}),
    ActivationCase("elu", lambda x: np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0.0))), {"alpha": 0.5}),
    ActivationCase("softmax", lambda x: _softmax(x.T).T, {"axis": 0}),
    ActivationCase("sparsemax", lambda x: _sparsemax(x.T).T, {"axis": 0}),
)
