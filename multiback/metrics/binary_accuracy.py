"""How often probabilities are on the right side of a threshold."""

from __future__ import annotations

from typing import Any

from multiback import dtypes, ops
from multiback.losses._arrays import same_rank
from multiback.losses._one_graph import of_targets
from multiback.metrics.accuracy import matches
from multiback.metrics.function_metric import FunctionMetric
from multiback.metrics.registry import FUNCTIONS, register


@FUNCTIONS.register()
@of_targets
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where `y_pred > threshold` says what `y_true` (0 or 1) says, else 0.

    Arguments:
        y_true, y_pred: Arrays of one shape; a last axis of size 1 that only one of them has is added or dropped.
        threshold: Predictions above it count as 1.

    Returns:
        Their shape, in `floatx()`.

    Example:
        >>> binary_accuracy([1, 1, 0], [0.9, 0.2, 0.5])    # 1 0 1
    """
    y_true, y_pred = same_rank(y_true, y_pred)
    return matches(y_true, ops.cast(ops.greater(y_pred, threshold), dtypes.as_dtype(y_true.dtype)))


@register()
class BinaryAccuracy(FunctionMetric):
    """How often probabilities are on the right side of a threshold.

    Arguments:
        name, dtype: As for `Metric`.
        threshold: Predictions above it count as 1.

    Example:
        >>> float(BinaryAccuracy()([1, 1, 0, 0], [0.9, 0.2, 0.5, 0.1]))
        0.75
    """

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
