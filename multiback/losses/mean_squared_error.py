"""Squared differences."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register("mse", "MSE")
@of_targets
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Mean squared error: mean((y_true - y_pred)^2) over the last axis.

    Arguments:
        y_true, y_pred: Arrays of one shape (..., d); an axis of size 1 that only one of them has is added or dropped.

    Returns:
        The loss of each sample, of shape (...), in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> mean_squared_error([[0.0, 1.0]], [[1.0, 3.0]])    # 2.5
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "mean_squared_error")
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@REGISTRY.register()
class MeanSquaredError(FunctionLoss):
    """Mean squared error: the mean of (y_true - y_pred)^2.

    Arguments:
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> float(MeanSquaredError()([[0.0, 1.0]], [[1.0, 3.0]]))
        2.5
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)
