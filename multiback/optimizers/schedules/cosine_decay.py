"""CosineDecay."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.optimizers.schedules._registry import REGISTRY
from multiback.optimizers.schedules.learning_rate_schedule import (
    LearningRateSchedule,
    as_rate,
    check_positive,
    half_cosine,
)


@REGISTRY.register()
class CosineDecay(LearningRateSchedule):
    """The rate falls along half a cosine to `alpha` times its start, after an optional linear warm-up.

        rate(step) = start * ((1 - alpha) * (1 + cos(pi * min(t / decay_steps, 1))) / 2 + alpha)

    Without warm-up, t = step and start = initial_learning_rate. With it, the rate first rises in a straight line from
    `initial_learning_rate` to `warmup_target` in `warmup_steps` steps; after that, t = step - warmup_steps and
    start = warmup_target.

    Arguments:
        initial_learning_rate: Rate at step 0.
        decay_steps: Length of the decay.
        alpha: The lowest rate, as a fraction of the start.
        name: For configurations.
        warmup_target: Rate at the end of the warm-up; None for no warm-up.
        warmup_steps: Length of the warm-up.

    Raises:
        ArgumentError: if `decay_steps` is not above 0.

    References:
        Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017.

    Example:
        >>> schedule = CosineDecay(0.0, decay_steps=1000, warmup_target=0.1, warmup_steps=100)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        check_positive(self, decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Any:
        done = as_rate(step)
        if self.warmup_target is None or not self.warmup_steps:
            start = self.initial_learning_rate if self.warmup_target is None else self.warmup_target
            return self._decayed(done, start)
        rise = (self.warmup_target - self.initial_learning_rate) / self.warmup_steps
        return ops.where(
            ops.less(done, self.warmup_steps),
            ops.add(ops.multiply(done, rise), self.initial_learning_rate),
            self._decayed(ops.subtract(done, self.warmup_steps), self.warmup_target),
        )

    def _decayed(self, done: Any, start: float) -> Any:
        fraction = ops.divide(ops.minimum(done, self.decay_steps), self.decay_steps)
        return half_cosine(fraction, start * (1 - self.alpha) / 2, start * self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }
