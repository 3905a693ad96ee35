"""What all learning rate schedules share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from multiback import config, dtypes, ops
from multiback.errors import ArgumentError


class LearningRateSchedule:
    """The learning rate as a function of the number of steps taken: `rate = schedule(step)`.

    Subclasses implement `__call__` in `multiback.ops`, so that the rate is computed inside the training step, and
    `get_config`.

    Example:
        >>> class Constant(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.1
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate after `step` steps.

        Arguments:
            step: Number of updates made, a scalar: an integer, an array or a Variable.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement __call__(step).")

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        raise NotImplementedError(f"{type(self).__name__} must implement get_config() to be saved.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """The schedule that `get_config` described."""
        return cls(**config)


def rate_dtype() -> dtypes.DType:
    """The dtype that schedules compute in: `config.floatx()`, but at least float32, which can count the steps."""
    dtype = dtypes.as_dtype(config.floatx())
    return dtype if dtype.bits >= 32 else dtypes.float32


def as_array(step: Any) -> Any:
    """The step number as an array, so that one compiled program serves all numbers."""
    return np.asarray(step, np.int32) if isinstance(step, int) else step


def as_rate(step: Any) -> Any:
    """The step number in the dtype of learning rates."""
    return ops.cast(as_array(step), rate_dtype())


def pick(table: np.ndarray, index: Any) -> Any:
    """One number of a table, in the dtype of learning rates."""
    return ops.take(table.astype(rate_dtype().numpy), index, axis=0)


def half_cosine(fraction: Any, height: Any, floor: float) -> Any:
    """height * (1 + cos(pi * fraction)) + floor."""
    rate = ops.multiply(ops.add(ops.cos(ops.multiply(fraction, math.pi)), 1.0), height)
    return ops.add(rate, floor) if floor else rate


def check_positive(owner: LearningRateSchedule, **values: float) -> None:
    """Raises ArgumentError unless all of these arguments are above zero."""
    for name, value in values.items():
        if not value > 0:
            raise ArgumentError(f"{type(owner).__name__} needs {name} above 0, got {value!r}.")
