"""RMSprop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.optimizers._multi_tensor import MultiTensorOptimizer, assign_all
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.optimizer import Rate
from multiback.variables import Variable


@REGISTRY.register("rmsprop")
class RMSprop(MultiTensorOptimizer):
    """Steps in proportion to the gradient over the root of its mean square: g is the gradient.

        v = rho * v + (1 - rho) * g * g
        a = rho * a + (1 - rho) * g                                    centered only; else a = 0
        d = learning_rate * g / sqrt(v - a * a + epsilon)
        m = momentum * m + d                                           without momentum, m = d
        variable = variable - m

    The epsilon is inside the root; elsewhere it is often outside.

    Arguments:
        learning_rate: A float, schedule or function.
        rho: Decay of the mean square v and the mean a.
        momentum: Decay of m.
        epsilon: Keeps the division finite.
        centered: Whether the variance stands for the mean square.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.

    References:
        Hinton, Neural Networks for Machine Learning, lecture 6, 2012.

    Example:
        >>> w = Variable([1.0, -2.0])
        >>> RMSprop(0.1).apply([[3.0, -4.0]], [w])
    """

    hyperparameters = ("rho", "momentum", "epsilon", "centered")

    def __init__(
        self, learning_rate: Rate = 0.001, rho: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-7,
        centered: bool = False, weight_decay: float | None = None,
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
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes v for each variable, m with momentum, and a if centered."""
        if self.built:
            return
        super().build(variables)
        self._squares = self.add_optimizer_variables(variables, "velocity")
        self._means = self.add_optimizer_variables(variables, "momentum") if self.momentum > 0 else None
        self._averages_of_gradients = (
            self.add_optimizer_variables(variables, "average_gradient") if self.centered else None
        )

    def update_together(self, gradients: Sequence[Any], variables: Sequence[Variable], learning_rate: Any) -> None:
        """Updates these variables."""
        columns = (self._squares, self._averages_of_gradients, self._means)
        slots = [self._slots(column, variables) if column else [] for column in columns]
        new, *values = ops.rmsprop_update(
            variables, gradients, *slots, learning_rate, self.rho, self.momentum, self.epsilon
        )
        assign_all(variables, new)
        for old, value in zip(slots, values):
            assign_all(old, value)
