"""Every constraint beside its formula in NumPy float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback.testing.cases.regularizers import WEIGHT

EPSILON = 1e-7

WEIGHTS = {
    "any": WEIGHT,
    "a row of zeros": np.concatenate([WEIGHT[:3], np.zeros((1, 3), "float32")]),
    "zeros": np.zeros_like(WEIGHT),
}


@dataclass(frozen=True)
class Rule:
    """A constraint beside its formula.

    Attributes:
        name: Of the class.
        label: What tells it from the class's other cases.
        arguments: Of the class.
        value: From a weight to the allowed one.
    """

    name: str
    label: str
    arguments: dict[str, Any]
    value: Callable[[np.ndarray], np.ndarray]


def _norm(w: np.ndarray, axis: Any) -> np.ndarray:
    return np.sqrt((w**2).sum(axis, keepdims=True))


def _partly(w: np.ndarray) -> np.ndarray:
    norm = _norm(w, 1)
    return w * (0.3 * np.clip(norm, 2.5, 3.5) + 0.7 * norm) / (norm + EPSILON)


RULES = [
    Rule("MaxNorm", "", {"max_value": 1.5}, lambda w: w * np.minimum(_norm(w, 0), 1.5) / (_norm(w, 0) + EPSILON)),
    Rule(
        "MaxNorm",
        "axis",
        {"max_value": 2, "axis": 1},
        lambda w: w * np.minimum(_norm(w, 1), 2) / (_norm(w, 1) + EPSILON),
    ),
    Rule("NonNeg", "", {}, lambda w: np.maximum(w, 0)),
    Rule("UnitNorm", "", {}, lambda w: w / (_norm(w, 0) + EPSILON)),
    Rule("UnitNorm", "axes", {"axis": (0, 1)}, lambda w: w / (_norm(w, (0, 1)) + EPSILON)),
    Rule(
        "MinMaxNorm",
        "",
        {"min_value": 2.5, "max_value": 3.5},
        lambda w: w * np.clip(_norm(w, 0), 2.5, 3.5) / (_norm(w, 0) + EPSILON),
    ),
    Rule("MinMaxNorm", "rate", {"min_value": 2.5, "max_value": 3.5, "rate": 0.3, "axis": 1}, _partly),
]
