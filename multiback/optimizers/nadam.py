"""Nadam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import config, ops
from multiback.optimizers._bias import counted, one_minus_power
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers._state import constant
from multiback.optimizers.optimizer import Optimizer, Rate, in_dtype
from multiback.variables import Variable


@REGISTRY.register("nadam")
class Nadam(Optimizer):
    """Adam with Nesterov momentum: g is the gradient, t the number of the step.

        u(t) = beta_1 * (1 - 0.5 * 0.96 ** t)
        m = m + (1 - beta_1) * (g - m)
        v = v + (1 - beta_2) * (g * g - v)
        m_hat = u(t + 1) * m / (1 - u(1) * ... * u(t + 1)) + (1 - u(t)) * g / (1 - u(1) * ... * u(t))
        v_hat = v / (1 - beta_2 ** t)
        variable = variable - learning_rate * m_hat / (sqrt(v_hat) + epsilon)

    Arguments:
        learning_rate: A float, schedule or function.
        beta_1: Decay of the mean m.
        beta_2: Decay of the mean square v.
        epsilon: Keeps the division finite.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.

    References:
        Dozat, Incorporating Nesterov Momentum into Adam, 2016.

    Example:
        >>> w = Variable([1.0, -2.0])
        >>> Nadam(0.1).apply([[3.0, -4.0]], [w])
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
        """Makes m and v for each variable, and the product of the u(t)."""
        if self.built:
            return
        super().build(variables)
        self._means, self._squares = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        dtype = self._trainable_variables[0].dtype if self._trainable_variables else config.floatx()
        self._product = self.add_variable((), constant(1), dtype, name="u_product")

    def _momentum(self, step: Any) -> Any:
        return (1.0 - 0.5 * ops.power(0.96, step)) * self.beta_1

    def _update(self, gradients: Sequence[Any], variables: Sequence[Variable], learning_rate: Any) -> None:
        dtype = self._product.dtype
        self._product.assign(self._product * in_dtype(self._momentum(counted(self.iterations + 1, dtype)), dtype))
        super()._update(gradients, variables, learning_rate)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Updates one variable."""
        index, dtype = self._get_variable_index(variable), variable.dtype
        mean, square = self._means[index], self._squares[index]
        step = counted(self.iterations + 1, dtype)
        u, u_next = self._momentum(step), self._momentum(step + 1)
        product = in_dtype(self._product, u.dtype)
        m = mean + (gradient - mean) * (1 - self.beta_1)
        v = square + (gradient * gradient - square) * (1 - self.beta_2)
        mean.assign(m)
        square.assign(v)
        old = in_dtype(u_next / (1.0 - product * u_next), dtype)
        new = in_dtype((1.0 - u) / (1.0 - product), dtype)
        correction = in_dtype(one_minus_power(self.beta_2, step), dtype)
        direction = (m * old + gradient * new) / (ops.sqrt(v / correction) + self.epsilon)
        variable.assign(variable - direction * learning_rate)
