"""Every regularizer beside its penalty in NumPy float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

WEIGHT = np.random.default_rng(0).normal(size=(4, 3)).astype("float32") * 2
"""A weight of shape (4, 3), exact in float32, without a 0."""


@dataclass(frozen=True)
class Penalty:
    """A regularizer beside its formula.

    Attributes:
        name: Of the class.
        label: What tells it from the class's other cases.
        arguments: Of the class.
        value: From a weight to the penalty.
    """

    name: str
    label: str
    arguments: dict[str, Any]
    value: Callable[[np.ndarray], float]


def _cosines(w: np.ndarray) -> float:
    """The mean magnitude of the cosines of all pairs of rows."""
    unit = w / np.linalg.norm(w, axis=1, keepdims=True)
    return float(np.mean([abs(unit[i] @ unit[j]) for i in range(len(w)) for j in range(i)]))


PENALTIES = [
    Penalty("L1", "", {"l1": 0.1}, lambda w: 0.1 * np.abs(w).sum()),
    Penalty("L2", "", {"l2": 0.2}, lambda w: 0.2 * (w**2).sum()),
    Penalty("L1L2", "", {"l1": 0.1, "l2": 0.2}, lambda w: 0.1 * np.abs(w).sum() + 0.2 * (w**2).sum()),
    Penalty("L1L2", "l2", {"l2": 0.2}, lambda w: 0.2 * (w**2).sum()),
    Penalty("L1L2", "none", {}, lambda w: 0.0),
    Penalty("OrthogonalRegularizer", "", {"factor": 0.3}, lambda w: 0.3 * _cosines(w)),
    Penalty("OrthogonalRegularizer", "columns", {"factor": 0.3, "mode": "columns"}, lambda w: 0.3 * _cosines(w.T)),
]
