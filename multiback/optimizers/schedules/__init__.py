"""Learning rates that change with the number of steps, computed inside the training step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multiback.optimizers.schedules._registry import REGISTRY
from multiback.optimizers.schedules.cosine_decay import CosineDecay
from multiback.optimizers.schedules.cosine_decay_restarts import CosineDecayRestarts
from multiback.optimizers.schedules.exponential_decay import ExponentialDecay
from multiback.optimizers.schedules.inverse_time_decay import InverseTimeDecay
from multiback.optimizers.schedules.learning_rate_schedule import LearningRateSchedule
from multiback.optimizers.schedules.piecewise_constant_decay import PiecewiseConstantDecay
from multiback.optimizers.schedules.polynomial_decay import PolynomialDecay

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """The configuration of a schedule."""
    return REGISTRY.serialize(learning_rate_schedule)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The schedule that a configuration describes.

    Raises:
        UnknownNameError: for a class that is neither registered nor in `custom_objects`.
    """
    return REGISTRY.deserialize(config, custom_objects)
