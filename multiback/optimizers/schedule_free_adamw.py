"""ScheduleFreeAdamW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.optimizers._bias import counted, one_minus_power
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.optimizer import Optimizer, Rate, in_dtype
from multiback.variables import Variable


@REGISTRY.register("schedulefreeadamw")
class ScheduleFreeAdamW(Optimizer):
    """Adam that averages its iterates, in place of a learning rate schedule: g is the gradient, t the step's number.

        v = v + (1 - beta_2) * (g * g - v)
        x = (y - (1 - beta_1) * z) / beta_1
        z = z - learning_rate * min(1, t / warmup_steps) * g / (sqrt(v / (1 - beta_2 ** t)) + epsilon)
        x = x + (z - x) / t
        y = beta_1 * x + (1 - beta_1) * z

    where y is the model's variable, z starts equal to it, and x is the average.

    Arguments:
        learning_rate: A float, schedule or function.
        beta_1: Weight of the average in y.
        beta_2: Decay of the mean square v.
        epsilon: Keeps the division finite.
        warmup_steps: Steps in which the rate rises to `learning_rate`.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.

    References:
        Defazio et al., The Road Less Scheduled, 2024.

    Example:
        >>> w = Variable([1.0, -2.0])
        >>> ScheduleFreeAdamW(0.1).apply([[3.0, -4.0]], [w])
    """

    hyperparameters = ("beta_1", "beta_2", "epsilon", "warmup_steps")

    def __init__(
        self, learning_rate: Rate = 0.0025, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8,
        warmup_steps: int = 0, weight_decay: float | None = None,
        clipnorm: float | None = None, clipvalue: float | None = None, global_clipnorm: float | None = None,
        use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None, gradient_accumulation_steps: int | None = None,
        name: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes z and v for each variable."""
        if self.built:
            return
        super().build(variables)
        self._iterates: list[Any] = []
        self._squares: list[Any] = []
        for variable in self._trainable_variables:
            pair: tuple[Any, Any] = (None, None)
            if not variable.overwrite_with_gradient:
                start = variable.numpy()
                pair = (
                    self.add_variable_from_reference(variable, "momentum", lambda shape, dtype, start=start: start),
                    self.add_variable_from_reference(variable, "velocity"),
                )
            self._iterates.append(pair[0])
            self._squares.append(pair[1])

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Updates one variable."""
        index, dtype = self._get_variable_index(variable), variable.dtype
        iterate, square = self._iterates[index], self._squares[index]
        step = counted(self.iterations + 1, dtype)
        if self.warmup_steps > 0:
            learning_rate = learning_rate * in_dtype(ops.minimum(step / self.warmup_steps, 1.0), dtype)
        v = square + (gradient * gradient - square) * (1 - self.beta_2)
        x = (variable - iterate * (1 - self.beta_1)) / self.beta_1
        correction = in_dtype(one_minus_power(self.beta_2, step), dtype)
        z = iterate - gradient * learning_rate / (ops.sqrt(v / correction) + self.epsilon)
        x = x + (z - x) * in_dtype(1.0 / step, dtype)
        square.assign(v)
        iterate.assign(z)
        variable.assign(x * self.beta_1 + z * (1 - self.beta_1))
