"""PiecewiseConstantDecay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import ArgumentError
from multiback.optimizers.schedules._registry import REGISTRY
from multiback.optimizers.schedules.learning_rate_schedule import LearningRateSchedule, as_array, pick


@REGISTRY.register()
class PiecewiseConstantDecay(LearningRateSchedule):
    """One constant rate after another.

        rate(step) = values[number of boundaries below step]

    so the rate is still `values[0]` when step equals `boundaries[0]`.

    Arguments:
        boundaries: Step numbers at which the rate changes, increasing.
        values: The rates, one more than boundaries.
        name: For configurations.

    Raises:
        ArgumentError: if the numbers of boundaries and values do not fit, or boundaries do not increase.

    Example:
        >>> schedule = PiecewiseConstantDecay([1000, 2000], [0.1, 0.05, 0.01])
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        if len(values) != len(boundaries) + 1:
            raise ArgumentError(
                f"PiecewiseConstantDecay needs one value more than boundaries, got {len(boundaries)} boundaries and "
                f"{len(values)} values."
            )
        if not boundaries or any(a >= b for a, b in pairwise(boundaries)):
            raise ArgumentError(f"PiecewiseConstantDecay needs increasing boundaries, got {boundaries!r}.")
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Any:
        passed = ops.greater(as_array(step), np.array([math.floor(b) for b in self.boundaries], "int32"))
        return pick(np.array(self.values, float), ops.sum(ops.cast(passed, "int32")))

    def get_config(self) -> dict[str, Any]:
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}
