"""CosineDecayRestarts."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import ops
from multiback.optimizers.schedules._registry import REGISTRY
from multiback.optimizers.schedules.learning_rate_schedule import (
    LearningRateSchedule,
    as_array,
    as_rate,
    check_positive,
    half_cosine,
    pick,
)

_LAST_STEP = 2**31 - 1


@REGISTRY.register()
class CosineDecayRestarts(LearningRateSchedule):
    """The rate falls along half a cosine, again and again, over periods that grow by a factor.

        rate(step) = initial_learning_rate * ((1 - alpha) * m_mul ** i * (1 + cos(pi * t)) / 2 + alpha)

    in period i = 0, 1, ..., which takes first_decay_steps * t_mul ** i steps; t in [0, 1) is the part of it that has
    passed. With `t_mul` below 1 the periods shrink; after the last one that takes a whole step, the rate stays.

    Arguments:
        initial_learning_rate: Rate at step 0.
        first_decay_steps: Length of period 0.
        t_mul: Factor from one period's length to the next one's.
        m_mul: Factor from one period's highest rate to the next one's.
        alpha: The lowest rate, as a fraction of the first.
        name: For configurations.

    Raises:
        ArgumentError: if `first_decay_steps` or `t_mul` is not above 0.

    References:
        Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017.

    Example:
        >>> schedule = CosineDecayRestarts(0.1, first_decay_steps=1000)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        check_positive(self, first_decay_steps=first_decay_steps, t_mul=t_mul)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Any:
        height = self.initial_learning_rate * (1 - self.alpha) / 2
        if self.t_mul == 1:
            time = ops.divide(as_rate(step), self.first_decay_steps)
            period = ops.floor(time)
            fraction = ops.subtract(time, period)
            peak = height if self.m_mul == 1 else ops.multiply(ops.power(self.m_mul, period), height)
        else:
            starts, lengths, peaks = self._periods(height)
            restarts = np.ceil(starts[1:]).astype("int32")
            # Compared as integers, so that every backend restarts at the same step.
            period = ops.sum(ops.cast(ops.greater_equal(as_array(step), restarts), "int32"))
            fraction = ops.divide(ops.subtract(as_rate(step), pick(starts, period)), pick(lengths, period))
            fraction = ops.minimum(fraction, 1.0) if self.t_mul < 1 else fraction
            peak = height if self.m_mul == 1 else pick(peaks, period)
        return half_cosine(fraction, peak, self.initial_learning_rate * self.alpha)

    def _periods(self, height: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where each period starts, how long it takes and how high it starts, as far as steps can be counted."""
        rows = [(0.0, float(self.first_decay_steps), height)]
        while True:
            start, length, peak = rows[-1]
            following = (start + length, length * self.t_mul, peak * self.m_mul)
            if following[0] > _LAST_STEP or following[1] < 1:
                starts, lengths, peaks = np.array(rows).T
                return starts, lengths, peaks
            rows.append(following)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self.t_mul,
            "m_mul": self.m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }
