"""InverseTimeDecay."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.optimizers.schedules._registry import REGISTRY
from multiback.optimizers.schedules.learning_rate_schedule import LearningRateSchedule, as_rate, check_positive


@REGISTRY.register()
class InverseTimeDecay(LearningRateSchedule):
    """The rate falls with the inverse of the time.

        rate(step) = initial_learning_rate / (1 + decay_rate * step / decay_steps)

    Arguments:
        initial_learning_rate: Rate at step 0.
        decay_steps: Unit of time, in steps.
        decay_rate: Growth of the denominator per unit of time.
        staircase: Whether `step / decay_steps` is rounded down to an integer.
        name: For configurations.

    Raises:
        ArgumentError: if `decay_steps` is not above 0.

    Example:
        >>> schedule = InverseTimeDecay(0.1, decay_steps=1000, decay_rate=0.5)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        check_positive(self, decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        time = ops.divide(as_rate(step), self.decay_steps)
        if self.staircase:
            time = ops.floor(time)
        return ops.divide(self.initial_learning_rate, ops.add(ops.multiply(time, self.decay_rate), 1.0))

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }
