"""Adadelta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.optimizer import Optimizer, Rate
from multiback.variables import Variable


@REGISTRY.register("adadelta")
class Adadelta(Optimizer):
    """Steps in proportion to the ratio of recent steps to recent gradients: g is the gradient.

        a = rho * a + (1 - rho) * g * g
        d = sqrt(b + epsilon) / sqrt(a + epsilon) * g
        b = rho * b + (1 - rho) * d * d
        variable = variable - learning_rate * d

    Arguments:
        learning_rate: A float, schedule or function; the paper has none, that is 1.0.
        rho: Decay of the mean squares a and b.
        epsilon: Keeps the division finite, and starts the first steps.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.

    References:
        Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012.

    Example:
        >>> w = Variable([1.0, -2.0])
        >>> Adadelta(1.0).apply([[3.0, -4.0]], [w])
    """

    hyperparameters = ("rho", "epsilon")

    def __init__(
        self, learning_rate: Rate = 0.001, rho: float = 0.95, epsilon: float = 1e-7, weight_decay: float | None
        = None,
        clipnorm: float | None = None, clipvalue: float | None = None, global_clipnorm: float | None = None,
        use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None, gradient_accumulation_steps: int | None = None,
        name: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.rho = rho
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes a and b for each variable."""
        if self.built:
            return
        super().build(variables)
        names = ["accumulated_grad", "accumulated_delta_var"]
        self._gradients, self._steps_taken = self.add_optimizer_variables(variables, names)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Updates one variable."""
        index = self._get_variable_index(variable)
        gradients, steps = self._gradients[index], self._steps_taken[index]
        a = gradients * self.rho + gradient * gradient * (1 - self.rho)
        d = ops.sqrt(steps + self.epsilon) * gradient / ops.sqrt(a + self.epsilon)
        gradients.assign(a)
        steps.assign(steps * self.rho + d * d * (1 - self.rho))
        variable.assign(variable - d * learning_rate)
