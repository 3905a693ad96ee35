"""How often the most probable class is the right one, with targets as distributions."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._one_graph import of_targets
from multiback.metrics.accuracy import matches
from multiback.metrics.function_metric import FunctionMetric
from multiback.metrics.registry import FUNCTIONS, register


@FUNCTIONS.register()
@of_targets
def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest element of `y_true` and of `y_pred` are at the same place on the last axis, else 0.

    Arguments:
        y_true, y_pred: Arrays of one shape (..., classes): one-hot targets, probabilities or logits.

    Returns:
        Array of shape (...), in `floatx()`.

    Example:
        >>> categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]])    # 1 0
    """
    return matches(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1))


@register()
class CategoricalAccuracy(FunctionMetric):
    """How often the most probable class is the right one; targets are one-hot.

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> float(CategoricalAccuracy()([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]]))
        0.5
    """

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)
