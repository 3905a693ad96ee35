"""The margin of two classes."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


def shortfalls(y_true: Any, y_pred: Any, name: str) -> Any:
    """max(1 - y_true * y_pred, 0), with targets that are all 0 or 1 taken as -1 and 1."""
    y_true, y_pred = targets_and_predictions(y_true, y_pred, name)
    binary = ops.all(ops.logical_or(ops.equal(y_true, 0), ops.equal(y_true, 1)))
    y_true = ops.where(binary, y_true * 2.0 - 1.0, y_true)
    return ops.relu(1.0 - y_true * y_pred)


@REGISTRY.register()
@of_targets
def hinge(y_true: Any, y_pred: Any) -> Any:
    """Hinge loss: mean(max(1 - y_true * y_pred, 0)) over the last axis.

    Arguments:
        y_true: Array of -1 and 1; when all are 0 or 1, 0 counts as -1.
        y_pred: Scores, of the same shape (..., d).

    Returns:
        The loss of each sample, of shape (...), in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Source: Cortes and Vapnik 1995, Support-vector networks.

    Example:
        >>> hinge([[-1.0, 1.0]], [[0.5, 2.0]])    # 0.75
    """
    return ops.mean(shortfalls(y_true, y_pred, "hinge"), axis=-1)


@REGISTRY.register()
class Hinge(FunctionLoss):
    """Hinge loss: the mean of max(1 - y_true * y_pred, 0).

    Arguments:
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> float(Hinge()([[-1.0, 1.0]], [[0.5, 2.0]]))
        0.75
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "hinge", dtype: Any = None
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)
