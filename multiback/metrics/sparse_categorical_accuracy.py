"""How often the most probable class is the right one, with targets as class numbers."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._one_graph import of_targets
from multiback.metrics.accuracy import matches
from multiback.metrics.function_metric import FunctionMetric
from multiback.metrics.registry import FUNCTIONS, register


@FUNCTIONS.register()
@of_targets
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest element of `y_pred` on its last axis is at the place that `y_true` names, else 0.

    Arguments:
        y_true: Class numbers, of shape (...) or (..., 1); one that is no class is nowhere the largest.
        y_pred: Probabilities or logits, of shape (..., classes).

    Returns:
        Array of shape (...), in `floatx()`; a last axis of size 1 after another one is dropped.

    Example:
        >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]])    # 1 0
    """
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    found = matches(y_true, ops.argmax(y_pred, axis=-1))
    return ops.squeeze(found, -1) if len(found.shape) > 1 and found.shape[-1] == 1 else found


@register()
class SparseCategoricalAccuracy(FunctionMetric):
    """How often the most probable class is the right one; targets are class numbers.

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> float(SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.4, 0.6]]))
        0.5
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)
