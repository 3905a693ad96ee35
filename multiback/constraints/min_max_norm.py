"""Norms within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.constraints.constraint import Constraint, norms, rescaled
from multiback.constraints.registry import REGISTRY


@REGISTRY.register("min_max_norm")
class MinMaxNorm(Constraint):
    """Norms drawn into an interval: w * (rate * clip(n, min, max) + (1 - rate) * n) / (n + epsilon).

    Arguments:
        min_value, max_value: The interval.
        rate: 1 enforces it at once, less moves only part of the way.
        axis: Axis or axes whose elements make one vector.

    Example:
        >>> MinMaxNorm(min_value=10.0, max_value=20.0)(np.array([[3.0], [4.0]]))    # 6 8
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: int | Sequence[int] = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norm = norms(w, self.axis)
        wanted = ops.clip(norm, self.min_value, self.max_value)
        if self.rate != 1:
            wanted = ops.add(ops.multiply(wanted, self.rate), ops.multiply(norm, 1 - self.rate))
        return rescaled(w, wanted, norm)

    def get_config(self) -> dict[str, Any]:
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}
