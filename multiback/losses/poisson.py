"""The loss of counts."""

from __future__ import annotations

from typing import Any

from multiback import config, ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register()
@of_targets
def poisson(y_true: Any, y_pred: Any) -> Any:
    """Poisson loss: mean(y_pred - y_true * log(y_pred + epsilon)) over the last axis.

    Arguments:
        y_true, y_pred: Arrays of one shape (..., d); an axis of size 1 that only one of them has is added or dropped.

    Returns:
        The loss of each sample, of shape (...), in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Source: the negative log-likelihood of counts y_true with rates y_pred, without the terms of y_true alone.

    Example:
        >>> poisson([[0.0, 1.0]], [[1.0, 2.0]])    # 1.1534264
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "poisson")
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


@REGISTRY.register()
class Poisson(FunctionLoss):
    """Poisson loss: the mean of y_pred - y_true * log(y_pred).

    Arguments:
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> Poisson()([[0.0, 1.0]], [[1.0, 2.0]])    # 1.1534264
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "poisson", dtype: Any = None
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)
