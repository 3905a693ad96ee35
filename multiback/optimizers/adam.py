"""Adam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.optimizers._bias import rounded
from multiback.optimizers._multi_tensor import MultiTensorOptimizer, assign_all
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.optimizer import Rate
from multiback.variables import Variable


@REGISTRY.register("adam")
class Adam(MultiTensorOptimizer):
    """Steps in proportion to the mean gradient over the root of its mean square: g is the gradient, t counts steps.

        m = m + (1 - beta_1) * (g - m)
        v = v + (1 - beta_2) * (g * g - v)
        rate = learning_rate * sqrt(1 - beta_2 ** t) / (1 - beta_1 ** t)
        variable = variable - rate * m / (sqrt(v) + epsilon)

    with amsgrad, the largest v so far stands for v in the last line. The epsilon is outside the correction of the bias,
    the "epsilon hat" of the paper; elsewhere it is often inside.

    Arguments:
        learning_rate: A float, schedule or function.
        beta_1: Decay of the mean m.
        beta_2: Decay of the mean square v.
        epsilon: Keeps the division finite.
        amsgrad: Whether the largest v so far is used.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: See `Optimizer`.

    References:
        Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, section 2;
        Reddi et al., On the Convergence of Adam and Beyond, 2018.

    Example:
        >>> w = Variable([1.0, -2.0])
        >>> Adam(0.1).apply([[3.0, -4.0]], [w])
        >>> w.numpy().round(4)
        array([ 0.9, -1.9], dtype=float32)
    """

    hyperparameters = ("beta_1", "beta_2", "epsilon", "amsgrad")

    def __init__(
        self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
        amsgrad: bool = False, weight_decay: float | None = None,
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
        self.amsgrad = amsgrad

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes m and v for each variable, and the largest v with amsgrad."""
        if self.built:
            return
        super().build(variables)
        self._means, self._squares = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        self._largest = self.add_optimizer_variables(variables, "velocity_hat") if self.amsgrad else None

    def update_together(self, gradients: Sequence[Any], variables: Sequence[Variable], learning_rate: Any) -> None:
        """Updates these variables."""
        dtype = variables[0].dtype
        # Rounded to the dtype once, so that the averages and their correction decay alike in every kernel.
        beta_1, beta_2 = (rounded(b, dtype) for b in (self.beta_1, self.beta_2))
        means, squares = self._slots(self._means, variables), self._slots(self._squares, variables)
        largest = self._slots(self._largest, variables) if self._largest else []
        rate = ops.bias_corrected_rate(learning_rate, self.iterations + 1, beta_1, beta_2)
        new, *slots = ops.adam_update(variables, gradients, means, squares, largest, rate, beta_1, beta_2, self.epsilon)
        assign_all(variables, new)
        for old, values in zip((means, squares, largest), slots):
            assign_all(old, values)
