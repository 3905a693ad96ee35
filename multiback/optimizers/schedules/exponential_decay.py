"""ExponentialDecay."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.optimizers.schedules._registry import REGISTRY
from multiback.optimizers.schedules.learning_rate_schedule import LearningRateSchedule, as_rate, check_positive


@REGISTRY.register()
class ExponentialDecay(LearningRateSchedule):
    """The rate is multiplied by `decay_rate` every `decay_steps` steps.

        rate(step) = initial_learning_rate * decay_rate ** (step / decay_steps)

    Arguments:
        initial_learning_rate: Rate at step 0.
        decay_steps: Steps per factor of `decay_rate`.
        decay_rate: The factor.
        staircase: Whether the exponent is rounded down to an integer.
        name: For configurations.

    Raises:
        ArgumentError: if `decay_steps` is not above 0.

    Example:
        >>> schedule = ExponentialDecay(0.1, decay_steps=1000, decay_rate=0.96)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        check_positive(self, decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        exponent = ops.divide(as_rate(step), self.decay_steps)
        if self.staircase:
            exponent = ops.floor(exponent)
        return ops.multiply(ops.power(self.decay_rate, exponent), self.initial_learning_rate)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }
