"""Differences in percent of the target."""

from __future__ import annotations

from typing import Any

from multiback import config, ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register("mape", "MAPE")
@of_targets
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Mean absolute percentage error: 100 * mean(|y_true - y_pred| / max(|y_true|, epsilon)) over the last axis.

    Arguments:
        y_true, y_pred: Arrays of one shape (..., d); an axis of size 1 that only one of them has is added or dropped.

    Returns:
        The loss of each sample, of shape (...), in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 5.0]])    # 37.5
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "mean_absolute_percentage_error")
    scale = ops.maximum(ops.abs(y_true), config.epsilon())
    return ops.mean(ops.abs((y_true - y_pred) / scale), axis=-1) * 100.0


@REGISTRY.register()
class MeanAbsolutePercentageError(FunctionLoss):
    """Mean absolute percentage error: the mean of 100 * |y_true - y_pred| / |y_true|.

    Arguments:
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 5.0]]))
        37.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)
