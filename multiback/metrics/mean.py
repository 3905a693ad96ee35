"""Running means."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.metrics._samples import per_sample, sample_count, total
from multiback.metrics.metric import Metric
from multiback.metrics.registry import register


@register()
class Mean(Metric):
    """Weighted mean of all values seen: sum(w v) / sum(w); 0 before the first.

    Values with more than one axis are averaged over the others first, so that each sample counts once.

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> mean = Mean()
        >>> mean.update_state([1.0, 3.0])
        >>> float(mean.result())
        2.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Takes values of shape (n, ...), or a scalar, with weights for their leading axes."""
        values, weight = per_sample(values, sample_weight, ops.mean, self.dtype)
        self.total.assign_add(total(values))
        self.count.assign_add(sample_count(values, self.dtype) if weight is None else total(weight))

    def result(self) -> Any:
        return ops.divide_no_nan(self.total, self.count)
