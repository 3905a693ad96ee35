"""Squared differences of logarithms."""

from __future__ import annotations

from typing import Any

from multiback import config, ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register("msle", "MSLE")
@of_targets
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Mean squared logarithmic error: mean((log(1 + y_true) - log(1 + y_pred))^2) over the last axis.

    Values below epsilon count as epsilon.

    Arguments:
        y_true, y_pred: Arrays of one shape (..., d); an axis of size 1 that only one of them has is added or dropped.

    Returns:
        The loss of each sample, of shape (...), in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> mean_squared_logarithmic_error([[0.0, 1.0]], [[1.0, 1.0]])    # 0.2402265
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "mean_squared_logarithmic_error")
    first, second = (ops.log1p(ops.maximum(y, config.epsilon())) for y in (y_pred, y_true))
    return ops.mean(ops.square(first - second), axis=-1)


@REGISTRY.register()
class MeanSquaredLogarithmicError(FunctionLoss):
    """Mean squared logarithmic error: the mean of (log(1 + y_true) - log(1 + y_pred))^2.

    Arguments:
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> MeanSquaredLogarithmicError()([[0.0, 1.0]], [[1.0, 1.0]])    # 0.2402265
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)
