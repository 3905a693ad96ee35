"""Ftrl."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers._state import constant
from multiback.optimizers.optimizer import Optimizer, Rate
from multiback.variables import Variable


@REGISTRY.register("ftrl")
class Ftrl(Optimizer):
    """Follow the regularized leader, for sparse linear models: g is the gradient, p = -learning_rate_power.

        n' = n + g * g
        z = z + g + 2 * l2_shrinkage * variable - (n' ** p - n ** p) / learning_rate * variable
        q = n' ** p / learning_rate + 2 * l2 + beta / learning_rate
        variable = (clip(z, -l1, l1) - z) / q
        n = n'

    Arguments:
        learning_rate: A float, schedule or function.
        learning_rate_power: At most 0; 0 for a constant learning rate.
        initial_accumulator_value: First value of n, at least 0.
        l1_regularization_strength: At least 0; sets small weights to exactly 0.
        l2_regularization_strength: At least 0.
        l2_shrinkage_regularization_strength: At least 0; a penalty on the size of the weights.
        beta: Of the paper.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.

    Raises:
        ArgumentError: if one of these is out of range.

    References:
        McMahan et al., Ad Click Prediction: a View from the Trenches, 2013.

    Example:
        >>> w = Variable([1.0, -2.0])
        >>> Ftrl(0.1, l1_regularization_strength=0.01).apply([[3.0, -4.0]], [w])
    """

    hyperparameters = (
        "learning_rate_power", "initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
        "l2_shrinkage_regularization_strength", "beta",
    )  # fmt: skip

    def __init__(
        self, learning_rate: Rate = 0.001, learning_rate_power: float = -0.5, initial_accumulator_value: float =
        0.1, l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0, beta: float = 0.0, weight_decay: float | None = None,
        clipnorm: float | None = None, clipvalue: float | None = None, global_clipnorm: float | None = None,
        use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None, gradient_accumulation_steps: int | None = None,
        name: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        if learning_rate_power > 0:
            raise ArgumentError(f"Ftrl needs learning_rate_power of at most 0, got {learning_rate_power!r}.")
        for key in self.hyperparameters[1:5]:
            if getattr(self, key) < 0:
                raise ArgumentError(f"Ftrl needs {key} of at least 0, got {getattr(self, key)!r}.")

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes n and z for each variable."""
        if self.built:
            return
        super().build(variables)
        start = [constant(self.initial_accumulator_value), "zeros"]
        self._squares, self._linears = self.add_optimizer_variables(variables, ["accumulator", "linear"], start)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Updates one variable."""
        index = self._get_variable_index(variable)
        squares, linear = self._squares[index], self._linears[index]
        n = squares + gradient * gradient
        old, new = self._powered(squares), self._powered(n)
        shrinkage, l1 = 2 * self.l2_shrinkage_regularization_strength, self.l1_regularization_strength
        gradient = gradient + variable * shrinkage if shrinkage else gradient
        z = linear + gradient - (new - old) / learning_rate * variable
        quadratic = (new + self.beta) / learning_rate + 2 * self.l2_regularization_strength
        linear.assign(z)
        variable.assign((ops.clip(z, -l1, l1) - z) / quadratic)
        squares.assign(n)

    def _powered(self, x: Any) -> Any:
        return ops.sqrt(x) if self.learning_rate_power == -0.5 else ops.power(x, -self.learning_rate_power)
