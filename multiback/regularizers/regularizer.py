"""What every regularizer is: a function of a weight that gives a penalty."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self

from multiback.errors import ArgumentError
from multiback.regularizers.registry import REGISTRY


@REGISTRY.register("regularizer")
class Regularizer:
    """Base of regularizers: subclasses define `__call__`, which maps a weight to a scalar penalty, and `get_config`.

    Example:
        >>> class Sparse(Regularizer):
        ...     def __call__(self, x):
        ...         return ops.sum(ops.sqrt(ops.abs(x)))
    """

    def __call__(self, x: Any) -> Any:
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        raise ArgumentError(f"{type(self).__name__} cannot be saved: define get_config() in it.")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The regularizer that a configuration describes."""
        return cls(**config)


def checked_factor(value: Any, name: str) -> float:
    """`value` as a factor of a penalty.

    Raises:
        ArgumentError: if it is not a finite number of at least 0.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ArgumentError(f"{name} must be a finite number of at least 0, got {value!r}.")
    return float(value)
