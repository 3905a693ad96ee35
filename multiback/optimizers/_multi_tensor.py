"""Optimizers whose update of all variables is one equation, which an adapter may run as one fused kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback.optimizers.optimizer import Optimizer, in_dtype
from multiback.variables import Variable


class MultiTensorOptimizer(Optimizer):
    """An optimizer that updates all variables of one dtype together.

    A subclass that overrides `update_step` is updated variable by variable instead.
    """

    def update_together(self, gradients: Sequence[Any], variables: Sequence[Variable], learning_rate: Any) -> None:
        """Updates these variables, which have one dtype; gradients and learning rate have it too."""
        raise NotImplementedError(f"{type(self).__name__} must implement update_together().")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Updates one variable."""
        self.update_together([gradient], [variable], learning_rate)

    def _update(self, gradients: Sequence[Any], variables: Sequence[Variable], learning_rate: Any) -> None:
        if type(self).update_step is not MultiTensorOptimizer.update_step:
            super()._update(gradients, variables, learning_rate)
            return
        for dtype in dict.fromkeys(v.dtype for v in variables):
            group = [(in_dtype(g, dtype), v) for g, v in zip(gradients, variables) if v.dtype == dtype]
            self.update_together([g for g, _ in group], [v for _, v in group], in_dtype(learning_rate, dtype))

    def _slots(self, column: Sequence[Variable | None], variables: Sequence[Variable]) -> list[Any]:
        """The optimizer's variables that belong to these model variables."""
        return [column[self._get_variable_index(v)] for v in variables]


def assign_all(variables: Sequence[Variable], values: Sequence[Any]) -> None:
    """Gives each variable its new value."""
    for variable, value in zip(variables, values):
        variable.assign(value)
