"""SGD."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.optimizers._multi_tensor import MultiTensorOptimizer, assign_all
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.optimizer import Rate
from multiback.variables import Variable


@REGISTRY.register("sgd")
class SGD(MultiTensorOptimizer):
    """Gradient descent, with momentum if wanted: g is the gradient.

        variable = variable - learning_rate * g                                     without momentum
        m = momentum * m - learning_rate * g
        variable = variable + m                                                     with momentum
        variable = variable + momentum * m - learning_rate * g                      with nesterov

    Arguments:
        learning_rate: A float, schedule or function.
        momentum: Between 0 and 1.
        nesterov: Whether the momentum looks ahead.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.

    Raises:
        ArgumentError: if `momentum` is out of range.

    References:
        Sutskever et al., On the importance of initialization and momentum in deep learning, 2013.

    Example:
        >>> w = Variable([1.0, -2.0])
        >>> SGD(0.1).apply([[3.0, -4.0]], [w])
        >>> w.numpy()
        array([ 0.7, -1.6], dtype=float32)
    """

    hyperparameters = ("momentum", "nesterov")

    def __init__(
        self, learning_rate: Rate = 0.01, momentum: float = 0.0, nesterov: bool = False,
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
        if not 0 <= momentum <= 1:
            raise ArgumentError(f"SGD needs momentum between 0 and 1, got {momentum!r}.")
        self.momentum = float(momentum)
        self.nesterov = nesterov

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes m for each variable, with momentum."""
        if self.built:
            return
        super().build(variables)
        self._means = self.add_optimizer_variables(variables, "momentum") if self.momentum else []

    def update_together(self, gradients: Sequence[Any], variables: Sequence[Variable], learning_rate: Any) -> None:
        """Updates these variables."""
        if not self.momentum:
            assign_all(variables, ops.sgd_update(variables, gradients, learning_rate))
            return
        means = self._slots(self._means, variables)
        new, new_means = ops.momentum_update(variables, gradients, means, learning_rate, self.momentum, self.nesterov)
        assign_all(variables, new)
        assign_all(means, new_means)
