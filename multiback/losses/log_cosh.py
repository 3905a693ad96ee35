"""A smooth absolute difference."""

from __future__ import annotations

import math
from typing import Any

from multiback import ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register()
@of_targets
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Logarithm of the hyperbolic cosine: mean(log(cosh(y_pred - y_true))) over the last axis, without overflow.

    About x^2 / 2 for small errors x and |x| - log(2) for large ones.

    Arguments:
        y_true, y_pred: Arrays of one shape (..., d); an axis of size 1 that only one of them has is added or dropped.

    Returns:
        The loss of each sample, of shape (...), in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> log_cosh([[0.0, 1.0]], [[0.0, 0.0]])    # 0.21689041
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "log_cosh")
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(error * -2.0) - math.log(2.0), axis=-1)


@REGISTRY.register()
class LogCosh(FunctionLoss):
    """Logarithm of the hyperbolic cosine of the error: the mean of log(cosh(y_pred - y_true)).

    Arguments:
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> LogCosh()([[0.0, 1.0]], [[0.0, 0.0]])    # 0.21689041
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "log_cosh", dtype: Any = None
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)
