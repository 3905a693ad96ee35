"""What every constraint is: a function of a weight that gives the nearest allowed one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from multiback import config, ops
from multiback.constraints.registry import REGISTRY


@REGISTRY.register("constraint")
class Constraint:
    """Base of constraints: subclasses define `__call__`, which maps a weight to an allowed one.

    Shape and dtype stay. It is applied after each update of the optimizer.

    Example:
        >>> class Centred(Constraint):
        ...     def __call__(self, w):
        ...         return w - ops.mean(w)
    """

    def __call__(self, w: Any) -> Any:
        return w

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The constraint that a configuration describes."""
        return cls(**config)


def norms(w: Any, axis: int | Sequence[int] | None) -> Any:
    """The Euclidean norms along `axis`, which stays with size 1."""
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


def rescaled(w: Any, wanted: Any, norm: Any) -> Any:
    """`w` with its norms `norm` brought to `wanted`: w * wanted / (norm + epsilon)."""
    return ops.multiply(w, ops.divide(wanted, ops.add(norm, config.epsilon())))
