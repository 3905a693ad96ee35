"""LossScaleOptimizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.optimizers import _gradients
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers._state import constant
from multiback.optimizers.optimizer import Optimizer, in_dtype
from multiback.saving.registry import custom_object_scope, deserialize, serialize
from multiback.variables import Variable

_DEFAULTS = {
    "learning_rate": 0.0, "weight_decay": None, "clipnorm": None, "global_clipnorm": None, "clipvalue": None,
    "use_ema": False, "ema_momentum": 0.99, "ema_overwrite_frequency": None, "loss_scale_factor": None,
    "gradient_accumulation_steps": None, "dynamic": True,
}  # fmt: skip


@REGISTRY.register("lossscaleoptimizer")
class LossScaleOptimizer(Optimizer):
    """Keeps small float16 gradients from vanishing: multiplies the loss by a scale that follows the gradients.

    Gradients are divided by the scale before the inner optimizer gets them. When one of them is infinite or NaN, the
    step is skipped and the scale is halved; after `dynamic_growth_steps` steps without that, the scale is doubled.

    Arguments:
        inner_optimizer: The optimizer that updates the variables.
        initial_scale: The first scale; rather too high than too low, since it falls quickly.
        dynamic_growth_steps: Good steps before the scale is doubled.
        name: First part of the path of its variables.

    Raises:
        ArgumentError: for arguments that belong to the inner optimizer.

    References:
        Micikevicius et al., Mixed Precision Training, 2018.

    Example:
        >>> optimizer = LossScaleOptimizer(Adam(0.001))
        >>> scaled = optimizer.scale_loss(loss)
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 32768.0,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        for key in list(kwargs):
            if key in _DEFAULTS and kwargs.pop(key) != _DEFAULTS[key]:
                raise ArgumentError(f"LossScaleOptimizer does not take {key}. Set it on the inner optimizer.")
        super().__init__(0.0, name=name, **kwargs)
        if not isinstance(inner_optimizer, Optimizer) or isinstance(inner_optimizer, LossScaleOptimizer):
            raise ArgumentError(f"LossScaleOptimizer needs an optimizer without loss scaling, got {inner_optimizer!r}.")
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        self.inner_optimizer.loss_scale_factor = None

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the scale and the counter of good steps, and builds the inner optimizer."""
        if self.built:
            return
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        self.dynamic_scale = self.add_variable((), constant(self.initial_scale), "float32", name="dynamic_scale")
        if not self.inner_optimizer.built:
            self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        """Its own variables, then those of the inner optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Any:
        """The number of updates that were not skipped."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """That of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the current scale."""
        return loss * (self.dynamic_scale if self.built else self.initial_scale)

    def check_finite(self, grads: Sequence[Any]) -> Any:
        """Whether all gradients are finite: a scalar bool."""
        return _gradients.all_finite([g for g in grads if g is not None])

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Ends training, as the inner optimizer does."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def _apply(self, gradients: Sequence[Any], variables: Sequence[Variable]) -> None:
        scale, counter = self.dynamic_scale, self.step_counter

        def update() -> None:
            unscaled = [
                g if v.overwrite_with_gradient else g / in_dtype(scale, v.dtype) for g, v in zip(gradients, variables)
            ]
            self.inner_optimizer._apply(unscaled, variables)
            grown = ops.equal(counter, self.dynamic_growth_steps - 1)
            factor = ops.where(grown, 2.0, 1.0)
            counter.assign(ops.where(grown, 0, counter + 1))
            scale.assign(scale * factor)

        def skip() -> None:
            counter.assign(ops.zeros((), "int32"))
            scale.assign(scale * 0.5)

        ops.cond(self.check_finite(gradients), update, skip)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as JSON types."""
        return {
            "name": self.name,
            "inner_optimizer": serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The optimizer that `get_config` described, without its state."""
        with custom_object_scope(custom_objects or {}):
            return cls(**{**config, "inner_optimizer": deserialize(config["inner_optimizer"])})
