"""Absolute differences."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register("mae", "MAE")
@of_targets
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Mean absolute error: mean(|y_true - y_pred|) over the last axis. Its gradient at equality is 0.

    Arguments:
        y_true, y_pred: Arrays of one shape (..., d); an axis of size 1 that only one of them has is added or dropped.

    Returns:
        The loss of each sample, of shape (...), in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> mean_absolute_error([[0.0, 1.0]], [[1.0, 3.0]])    # 1.5
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "mean_absolute_error")
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


@REGISTRY.register()
class MeanAbsoluteError(FunctionLoss):
    """Mean absolute error: the mean of |y_true - y_pred|.

    Arguments:
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> float(MeanAbsoluteError()([[0.0, 1.0]], [[1.0, 3.0]]))
        1.5
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)
