"""The angle between target and prediction."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@of_targets
def cosine(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between vectors along `axis`; 0 where one of them is 0."""
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "cosine_similarity")
    return ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


@REGISTRY.register()
@of_targets
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Negative cosine similarity: -sum(y_true * y_pred) / (|y_true| |y_pred|) along `axis`.

    Arguments:
        y_true, y_pred: Arrays of one shape; an axis of size 1 that only one of them has is added or dropped.
        axis: Along which the vectors lie.

    Returns:
        The loss of each vector, between -1 (same direction) and 1, in the dtype of `y_pred`; 0 if a vector is 0.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> cosine_similarity([[0.0, 1.0]], [[1.0, 1.0]])    # -0.70710678
    """
    return -cosine(y_true, y_pred, axis)


@REGISTRY.register()
class CosineSimilarity(FunctionLoss):
    """Negative cosine similarity of target and prediction.

    Arguments:
        axis: Along which the vectors lie.
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> CosineSimilarity()([[0.0, 1.0]], [[1.0, 1.0]])    # -0.70710678
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
