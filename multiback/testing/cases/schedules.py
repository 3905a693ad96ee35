"""Every learning rate schedule beside its formula in NumPy float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback.optimizers import schedules

STEPS = [0, 1, 2, 3, 4, 5, 8, 9, 11, 12, 13, 27, 28, 29, 1000]


@dataclass(frozen=True)
class ScheduleCase:
    """A schedule beside its formula.

    Attributes:
        name: Of the class.
        label: What tells it from the class's other cases.
        arguments: Of the class.
        rate: From the number of steps to the rate.
        size: `(step, rate) -> magnitude` at which the rate is rounded.
    """

    name: str
    label: str
    arguments: dict[str, Any]
    rate: Callable[[int], float]
    size: Callable[[int, float], float] = lambda step, rate: abs(rate) + 0.1

    def make(self) -> schedules.LearningRateSchedule:
        """The schedule."""
        return getattr(schedules, self.name)(**self.arguments)


def _polynomial(t: int, power: float = 1.0, cycle: bool = False) -> float:
    n = 9 * max(1, np.ceil(t / 9)) if cycle else 9
    return (0.1 - 0.02) * (1 - min(t, n) / n) ** power + 0.02


def _warm(t: int) -> float:
    return 0.01 + (0.1 - 0.01) * t / 4 if t < 4 else 0.1 * (1 + np.cos(np.pi * min((t - 4) / 9, 1))) / 2


def _restarts(t_mul: float, m_mul: float, alpha: float) -> Callable[[int], float]:
    def rate(t: int) -> float:
        start, length, peak = 0.0, 4.0, 1.0
        while t >= start + length:
            start, length, peak = start + length, length * t_mul, peak * m_mul
            if length < 1:
                return 0.1 * alpha
        return 0.1 * ((1 - alpha) * peak * (1 + np.cos(np.pi * (t - start) / length)) / 2 + alpha)

    return rate


def _power(step: int, rate: float) -> float:
    """The exponent step / 7 is rounded, and multiplies the logarithm of the rate."""
    return abs(rate) * (1 + step / 7)


_START = {"initial_learning_rate": 0.1}
_RESTART = {**_START, "first_decay_steps": 4}

SCHEDULES = [
    ScheduleCase(
        "ExponentialDecay",
        "",
        {**_START, "decay_steps": 7, "decay_rate": 0.9},
        lambda t: 0.1 * 0.9 ** (t / 7),
        _power,
    ),
    ScheduleCase(
        "ExponentialDecay",
        "staircase",
        {**_START, "decay_steps": 4, "decay_rate": 0.9, "staircase": True},
        lambda t: 0.1 * 0.9 ** (t // 4),
        _power,
    ),
    ScheduleCase(
        "InverseTimeDecay", "", {**_START, "decay_steps": 7, "decay_rate": 0.5}, lambda t: 0.1 / (1 + 0.5 * t / 7)
    ),
    ScheduleCase(
        "InverseTimeDecay",
        "staircase",
        {**_START, "decay_steps": 4, "decay_rate": 0.5, "staircase": True},
        lambda t: 0.1 / (1 + 0.5 * (t // 4)),
    ),
    ScheduleCase("PolynomialDecay", "", {**_START, "decay_steps": 9, "end_learning_rate": 0.02}, _polynomial),
    ScheduleCase(
        "PolynomialDecay",
        "cycle",
        {**_START, "decay_steps": 9, "end_learning_rate": 0.02, "power": 2.5, "cycle": True},
        lambda t: _polynomial(t, 2.5, cycle=True),
    ),
    ScheduleCase(
        "PiecewiseConstantDecay",
        "",
        {"boundaries": [3, 8.5], "values": [0.3, 0.2, 0.1]},
        lambda t: 0.3 if t <= 3 else 0.2 if t <= 8 else 0.1,
    ),
    ScheduleCase(
        "CosineDecay",
        "",
        {**_START, "decay_steps": 9, "alpha": 0.2},
        lambda t: 0.1 * (0.4 * (1 + np.cos(np.pi * min(t / 9, 1))) + 0.2),
    ),
    ScheduleCase(
        "CosineDecay",
        "warmup",
        {"initial_learning_rate": 0.01, "decay_steps": 9, "warmup_target": 0.1, "warmup_steps": 4},
        _warm,
    ),
    ScheduleCase(
        "CosineDecayRestarts", "longer", {**_RESTART, "t_mul": 2.0, "m_mul": 0.8, "alpha": 0.1}, _restarts(2, 0.8, 0.1)
    ),
    ScheduleCase("CosineDecayRestarts", "equal", {**_RESTART, "t_mul": 1.0, "m_mul": 0.5}, _restarts(1, 0.5, 0)),
    ScheduleCase("CosineDecayRestarts", "shorter", {**_RESTART, "t_mul": 0.5, "alpha": 0.1}, _restarts(0.5, 1, 0.1)),
    ScheduleCase("CosineDecayRestarts", "never", {**_RESTART, "t_mul": 0.1}, _restarts(0.1, 1, 0)),
]

RESTARTS = [3 * (2**i - 1) for i in range(1, 24)]
"""The steps at which `CosineDecayRestarts(1.0, 3)` starts anew; a logarithm in float32 would miss some."""
