"""The size of an error in the units of the target."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._arrays import as_arrays, same_rank
from multiback.metrics.mean import Mean
from multiback.metrics.registry import register


@register()
class RootMeanSquaredError(Mean):
    """Root mean squared error: sqrt(mean((y_true - y_pred)^2)), the mean taken over all samples seen.

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> RootMeanSquaredError()([[0.0, 1.0]], [[1.0, 3.0]])    # 1.5811388
    """

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Takes a batch of targets and predictions into account."""
        y_true, y_pred, sample_weight = as_arrays(y_true, y_pred, sample_weight, dtype=self.dtype)
        y_true, y_pred = same_rank(y_true, y_pred)
        super().update_state(ops.square(y_pred - y_true), sample_weight=sample_weight)

    def result(self) -> Any:
        return ops.sqrt(super().result())
