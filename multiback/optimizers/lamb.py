"""Lamb."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.optimizers._bias import counted, one_minus_power
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.optimizer import Optimizer, Rate, in_dtype
from multiback.variables import Variable


@REGISTRY.register("lamb")
class Lamb(Optimizer):
    """Adam whose step is as long as the variable, layer by layer, for large batches: g is the gradient, t counts steps.

        m = m + (1 - beta_1) * (g - m)
        v = v + (1 - beta_2) * (g * g - v)
        d = m / (1 - beta_1 ** t) / (sqrt(v / (1 - beta_2 ** t)) + epsilon)
        variable = variable - learning_rate * (||variable|| / ||d||) * d        (ratio 1 where either norm is 0)

    Arguments:
        learning_rate: A float, schedule or function.
        beta_1: Decay of the mean m.
        beta_2: Decay of the mean square v.
        epsilon: Keeps the division finite.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.

    References:
        You et al., Large Batch Optimization for Deep Learning: Training BERT in 76 minutes, 2020.

    Example:
        >>> w = Variable([3.0, -4.0])
        >>> Lamb(0.1).apply([[1.0, -1.0]], [w])
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
        """Makes m and v for each variable."""
        if self.built:
            return
        super().build(variables)
        self._means, self._squares = self.add_optimizer_variables(variables, ["momentum", "velocity"])

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Updates one variable."""
        index, dtype = self._get_variable_index(variable), variable.dtype
        mean, square = self._means[index], self._squares[index]
        step = counted(self.iterations + 1, dtype)
        m = mean + (gradient - mean) * (1 - self.beta_1)
        v = square + (gradient * gradient - square) * (1 - self.beta_2)
        mean.assign(m)
        square.assign(v)
        mean_bias, square_bias = (in_dtype(one_minus_power(b, step), dtype) for b in (self.beta_1, self.beta_2))
        direction = m / mean_bias / (ops.sqrt(v / square_bias) + self.epsilon)
        own, length = (ops.sqrt(ops.sum(ops.square(x))) for x in (variable, direction))
        usable = ops.logical_and(ops.greater(own, 0.0), ops.greater(length, 0.0))
        ratio = ops.where(usable, own / ops.where(usable, length, 1.0), 1.0)
        variable.assign(variable - direction * (ratio * learning_rate))
