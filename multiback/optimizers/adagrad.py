"""Adagrad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.optimizers._multi_tensor import MultiTensorOptimizer, assign_all
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers._state import constant
from multiback.optimizers.optimizer import Rate
from multiback.variables import Variable


@REGISTRY.register("adagrad")
class Adagrad(MultiTensorOptimizer):
    """Steps in proportion to the gradient over the root of the sum of all squares so far: g is the gradient.

        a = a + g * g
        variable = variable - learning_rate * g / sqrt(a + epsilon)

    Arguments:
        learning_rate: A float, schedule or function.
        initial_accumulator_value: First value of a, at least 0.
        epsilon: Keeps the division finite.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.

    References:
        Duchi et al., Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, 2011.

    Example:
        >>> w = Variable([1.0, -2.0])
        >>> Adagrad(0.1).apply([[3.0, -4.0]], [w])
    """

    hyperparameters = ("initial_accumulator_value", "epsilon")

    def __init__(
        self, learning_rate: Rate = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7,
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
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes a for each variable."""
        if self.built:
            return
        super().build(variables)
        start = constant(self.initial_accumulator_value)
        self._accumulators = self.add_optimizer_variables(variables, "accumulator", start)

    def update_together(self, gradients: Sequence[Any], variables: Sequence[Variable], learning_rate: Any) -> None:
        """Updates these variables."""
        accumulators = self._slots(self._accumulators, variables)
        new, sums = ops.adagrad_update(variables, gradients, accumulators, learning_rate, self.epsilon)
        assign_all(variables, new)
        assign_all(accumulators, sums)
