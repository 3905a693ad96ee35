"""How often the right class is among the most probable ones, with targets as distributions."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._one_graph import of_targets
from multiback.metrics.function_metric import FunctionMetric
from multiback.metrics.registry import FUNCTIONS, register
from multiback.metrics.sparse_top_k_categorical_accuracy import among_top


@FUNCTIONS.register()
@of_targets
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where fewer than k classes are more probable than the right one, else 0.

    Arguments:
        y_true, y_pred: Arrays of one shape (..., classes): one-hot targets, probabilities or logits.
        k: How many classes count as found.

    Returns:
        Array of shape (...), in `floatx()`.

    Example:
        >>> top_k_categorical_accuracy([[0, 0, 1], [1, 0, 0]], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]], k=2)    # 1 0
    """
    return among_top(ops.argmax(y_true, axis=-1), y_pred, k)


@register()
class TopKCategoricalAccuracy(FunctionMetric):
    """How often the right class is among the k most probable ones; targets are one-hot.

    Arguments:
        k: How many classes count as found.
        name, dtype: As for `Metric`.

    Example:
        >>> float(TopKCategoricalAccuracy(k=2)([[0, 0, 1], [1, 0, 0]], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]]))
        0.5
    """

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
