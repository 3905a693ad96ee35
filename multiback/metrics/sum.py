"""Running sums."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.metrics._samples import own_storage, per_sample, total
from multiback.metrics.metric import Metric
from multiback.metrics.registry import register


@register()
class Sum(Metric):
    """Weighted sum of all values seen: sum(w v).

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> float(Sum()([1.0, 3.0]))
        4.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Takes values of shape (n, ...), or a scalar, with weights for their leading axes."""
        values, _ = per_sample(values, sample_weight, ops.sum, self.dtype)
        self.total.assign_add(total(values))

    def result(self) -> Any:
        return own_storage(self.total)
