"""How often the right class is among the most probable ones, with targets as class numbers."""

from __future__ import annotations

from typing import Any

from multiback import config, ops
from multiback.losses._arrays import as_int
from multiback.losses._one_graph import of_targets
from multiback.metrics.function_metric import FunctionMetric
from multiback.metrics.registry import FUNCTIONS, register


def among_top(classes: Any, scores: Any, k: int) -> Any:
    """1 where fewer than k scores are greater than that of the class, else 0; the shape of `classes`.

    Classes that tie count as found; one that does not exist, or whose score is not finite, does not.
    """
    if len(scores.shape) == 2 and len(classes.shape) == 1:
        return ops.cast(ops.in_top_k(classes, scores, k), config.floatx())
    rows = ops.reshape(classes, (-1,)), ops.reshape(scores, (-1, scores.shape[-1]))
    return ops.reshape(ops.cast(ops.in_top_k(*rows, k), config.floatx()), classes.shape)


@FUNCTIONS.register()
@of_targets
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """1 where fewer than k classes are more probable than the right one, else 0.

    Arguments:
        y_true: Class numbers, of shape (...) or (..., 1); one that is no class, or whose score is NaN, is not found.
        y_pred: Probabilities or logits, of shape (..., classes).
        k: How many classes count as found.
        from_sorted_ids: Whether `y_pred` are class numbers, the most probable first, instead.

    Returns:
        Array of the shape of `y_true`, in `floatx()`.

    Example:
        >>> sparse_top_k_categorical_accuracy([2, 0], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]], k=2)    # 1 0
    """
    if not from_sorted_ids:
        return among_top(as_int(y_true), y_pred, k)
    column = len(y_true.shape) == len(y_pred.shape)
    found = ops.equal(y_true if column else ops.expand_dims(y_true, -1), y_pred[..., :k])
    return ops.cast(ops.any(found, axis=-1, keepdims=column), config.floatx())


@register()
class SparseTopKCategoricalAccuracy(FunctionMetric):
    """How often the right class is among the k most probable ones; targets are class numbers.

    Arguments:
        k: How many classes count as found.
        name, dtype: As for `Metric`.
        from_sorted_ids: Whether predictions are class numbers, the most probable first, instead of scores.

    Example:
        >>> float(SparseTopKCategoricalAccuracy(k=2)([2, 0], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]]))
        0.5
    """

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)
