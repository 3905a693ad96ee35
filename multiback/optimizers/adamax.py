"""Adamax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.optimizers._bias import counted, one_minus_power
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.optimizer import Optimizer, Rate, in_dtype
from multiback.variables import Variable


@REGISTRY.register("adamax")
class Adamax(Optimizer):
    """Adam with the largest gradient in place of the mean square: g is the gradient, t the number of the step.

        m = m + (1 - beta_1) * (g - m)
        u = max(beta_2 * u, |g|)
        variable = variable - learning_rate * m / ((1 - beta_1 ** t) * (u + epsilon))

    Arguments:
        learning_rate: A float, schedule or function.
        beta_1: Decay of the mean m.
        beta_2: Decay of the maximum u.
        epsilon: Keeps the division finite.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.

    References:
        Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, section 7.1.

    Example:
        >>> w = Variable([1.0, -2.0])
        >>> Adamax(0.1).apply([[3.0, -4.0]], [w])
        >>> w.numpy()
        array([ 0.9, -1.9], dtype=float32)
    """

    hyperparameters = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
        weight_decay: float | None = None,
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

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes m and u for each variable."""
        if self.built:
            return
        super().build(variables)
        self._means, self._maxima = self.add_optimizer_variables(variables, ["momentum", "norm"])

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Updates one variable."""
        index = self._get_variable_index(variable)
        mean, maximum = self._means[index], self._maxima[index]
        correction = one_minus_power(self.beta_1, counted(self.iterations + 1, variable.dtype))
        m = mean + (gradient - mean) * (1 - self.beta_1)
        u = ops.maximum(maximum * self.beta_2, ops.abs(gradient))
        mean.assign(m)
        maximum.assign(u)
        rate = learning_rate / in_dtype(correction, variable.dtype)
        variable.assign(variable - rate * m / (u + self.epsilon))
