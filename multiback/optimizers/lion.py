"""Lion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.optimizer import Optimizer, Rate
from multiback.variables import Variable


@REGISTRY.register("lion")
class Lion(Optimizer):
    """Steps of one size in the direction of a sign: g is the gradient.

        variable = variable - learning_rate * sign(beta_1 * m + (1 - beta_1) * g)
        m = beta_2 * m + (1 - beta_2) * g

    Arguments:
        learning_rate: A float, schedule or function; about a tenth of what Adam takes.
        beta_1: Weight of the mean in the direction, above 0 and at most 1.
        beta_2: Decay of the mean m.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.

    Raises:
        ArgumentError: if `beta_1` is out of range.

    References:
        Chen et al., Symbolic Discovery of Optimization Algorithms, 2023.

    Example:
        >>> w = Variable([1.0, -2.0])
        >>> Lion(0.1).apply([[3.0, -4.0]], [w])
        >>> w.numpy()
        array([ 0.9, -1.9], dtype=float32)
    """

    hyperparameters = ("beta_1", "beta_2")

    def __init__(
        self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, weight_decay: float | None
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
        if not 0 < beta_1 <= 1:
            raise ArgumentError(f"Lion needs beta_1 above 0 and at most 1, got {beta_1!r}.")
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes m for each variable."""
        if self.built:
            return
        super().build(variables)
        self._means = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Updates one variable."""
        mean = self._means[self._get_variable_index(variable)]
        direction = ops.sign(mean * self.beta_1 + gradient * (1 - self.beta_1))
        variable.assign(variable - direction * learning_rate)
        mean.assign(mean * self.beta_2 + gradient * (1 - self.beta_2))
