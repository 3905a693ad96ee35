"""PolynomialDecay."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.optimizers.schedules._registry import REGISTRY
from multiback.optimizers.schedules.learning_rate_schedule import LearningRateSchedule, as_rate, check_positive


@REGISTRY.register()
class PolynomialDecay(LearningRateSchedule):
    """The rate falls to `end_learning_rate` within `decay_steps`, along a polynomial.

        rate(step) = (initial_learning_rate - end_learning_rate) * (1 - min(step, n) / n) ** power + end_learning_rate

    with n = decay_steps; with `cycle`, n is the smallest multiple of `decay_steps` that is at least `step`.

    Arguments:
        initial_learning_rate: Rate at step 0.
        decay_steps: Length of the decay.
        end_learning_rate: Rate at its end.
        power: Of the polynomial; 1 is a straight line.
        cycle: Whether the rate rises again and the decay starts anew, each time over a longer stretch.
        name: For configurations.

    Raises:
        ArgumentError: if `decay_steps` is not above 0.

    Example:
        >>> schedule = PolynomialDecay(0.1, decay_steps=1000, end_learning_rate=0.01, power=2.0)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        check_positive(self, decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Any:
        done = as_rate(step)
        if self.cycle:
            cycles = ops.maximum(ops.ceil(ops.divide(done, self.decay_steps)), 1.0)
            length = ops.multiply(cycles, self.decay_steps)
        else:
            done, length = ops.minimum(done, self.decay_steps), self.decay_steps
        left = ops.subtract(1.0, ops.divide(done, length))
        if self.power != 1:
            left = ops.power(left, self.power)
        height = self.initial_learning_rate - self.end_learning_rate
        return ops.add(ops.multiply(left, height), self.end_learning_rate)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }
