"""AdamW."""

from __future__ import annotations

from typing import Any

from multiback.errors import ArgumentError
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.adam import Adam
from multiback.optimizers.optimizer import Rate


@REGISTRY.register("adamw")
class AdamW(Adam):
    """Adam with weight decay that is apart from the gradient: before Adam's step,

        variable = variable - learning_rate * weight_decay * variable

    Arguments:
        learning_rate: A float, schedule or function.
        weight_decay: The factor of the decay.
        beta_1, beta_2, epsilon, amsgrad: See `Adam`.
        clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor,
        gradient_accumulation_steps, name: See `Optimizer`.

    Raises:
        ArgumentError: if `weight_decay` is None.

    References:
        Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019.

    Example:
        >>> optimizer = AdamW(0.001, weight_decay=0.01)
        >>> optimizer.exclude_from_weight_decay(var_names=["bias"])
    """

    def __init__(
        self, learning_rate: Rate = 0.001, weight_decay: float = 0.004, beta_1: float = 0.9, beta_2: float = 0.999,
        epsilon: float = 1e-7, amsgrad: bool = False,
        clipnorm: float | None = None, clipvalue: float | None = None, global_clipnorm: float | None = None,
        use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None, gradient_accumulation_steps: int | None = None,
        name: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        if weight_decay is None:
            raise ArgumentError("AdamW needs weight_decay as a number; for none, use Adam.")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm, clipvalue, global_clipnorm,
            use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
            **kwargs,
        )  # fmt: skip
