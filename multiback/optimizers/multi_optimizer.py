"""MultiOptimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from multiback.errors import ArgumentError
from multiback.optimizers._registry import REGISTRY
from multiback.optimizers.loss_scale_optimizer import LossScaleOptimizer
from multiback.optimizers.optimizer import Optimizer
from multiback.optimizers.optimizer_map import OptimizerMap
from multiback.saving.registry import custom_object_scope, deserialize, serialize
from multiback.variables import Variable

_NO_RATE = "A MultiOptimizer has no learning rate of its own. Use those of its .optimizers."


@REGISTRY.register("multioptimizer")
class MultiOptimizer(Optimizer):
    """Several optimizers, each for some of the variables.

    Arguments:
        optimizer_map: An `OptimizerMap`, or a function from a variable to its optimizer.
        loss_scale_factor: As in `Optimizer`, for all of them.
        name: First part of the path of its variables.

    Raises:
        ArgumentError: if a variable's optimizer is not one that updates variables itself.

    Example:
        >>> optimizer = MultiOptimizer(OptimizerMap(Adam(), {".*/bias": SGD(0.1)}))
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._optimizer_map = optimizer_map
        self._inner: list[Optimizer] = []
        self._groups: list[list[Variable]] = []
        if isinstance(optimizer_map, OptimizerMap):
            inner = [*(optimizer_map[path] for path in optimizer_map), optimizer_map.default_optimizer]
            for optimizer in dict.fromkeys(inner):
                self._adopt(optimizer)

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers, in the order of their variables among `variables`."""
        return self._inner

    @property
    def variables(self) -> list[Variable]:
        """Its own variables, then those of each optimizer."""
        return [*self._variables, *(v for optimizer in self._inner for v in optimizer.variables)]

    @property
    def iterations(self) -> Any:
        """The number of steps."""
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """Raises AttributeError: each of `optimizers` has its own."""
        raise AttributeError(_NO_RATE)

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        raise AttributeError(_NO_RATE)

    def build(self, variables: Sequence[Variable]) -> None:
        """Gives each variable to its optimizer, and builds the optimizers."""
        if self.built:
            return
        for variable in variables:
            optimizer = self._optimizer_map(variable)
            if optimizer not in self._inner:
                self._adopt(optimizer)
            self._groups[self._inner.index(optimizer)].append(variable)
        for optimizer, group in zip(self._inner, self._groups):
            if group:
                optimizer.build(group)
        super().build(variables)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Ends training, as each optimizer does."""
        for optimizer, group in self._groups_of(var_list):
            optimizer.finalize_variable_values(group)

    def _adopt(self, optimizer: Any) -> None:
        if not isinstance(optimizer, Optimizer) or isinstance(optimizer, LossScaleOptimizer | MultiOptimizer):
            raise ArgumentError(f"MultiOptimizer takes optimizers that update variables themselves, got {optimizer!r}.")
        optimizer.loss_scale_factor = None
        self._inner.append(optimizer)
        self._groups.append([])

    def _groups_of(self, variables: Sequence[Variable]) -> list[tuple[Optimizer, list[Variable]]]:
        wanted = set(variables)
        groups = [(o, [v for v in group if v in wanted]) for o, group in zip(self._inner, self._groups)]
        return [(optimizer, group) for optimizer, group in groups if group]

    def _apply(self, gradients: Sequence[Any], variables: Sequence[Variable]) -> None:
        scale = self.loss_scale_factor
        if scale is not None:
            gradients = [g if v.overwrite_with_gradient else g / scale for g, v in zip(gradients, variables)]
        gradient_of = dict(zip(variables, gradients))
        for optimizer, group in self._groups_of(variables):
            optimizer._apply([gradient_of[v] for v in group], group)
        self._iterations.assign(self._iterations + 1)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as JSON types."""
        return {
            "optimizer_map": serialize(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The optimizer that `get_config` described, without its state."""
        with custom_object_scope(custom_objects or {}):
            return cls(**{**config, "optimizer_map": deserialize(config["optimizer_map"])})
