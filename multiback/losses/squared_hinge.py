"""The squared margin of two classes."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.hinge import shortfalls
from multiback.losses.registry import REGISTRY


@REGISTRY.register()
@of_targets
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Squared hinge loss: mean(max(1 - y_true * y_pred, 0)^2) over the last axis.

    Arguments:
        y_true: Array of -1 and 1; when all are 0 or 1, 0 counts as -1.
        y_pred: Scores, of the same shape (..., d).

    Returns:
        The loss of each sample, of shape (...), in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> squared_hinge([[-1.0, 1.0]], [[0.5, 2.0]])    # 1.125
    """
    return ops.mean(ops.square(shortfalls(y_true, y_pred, "squared_hinge")), axis=-1)


@REGISTRY.register()
class SquaredHinge(FunctionLoss):
    """Squared hinge loss: the mean of max(1 - y_true * y_pred, 0)^2.

    Arguments:
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> float(SquaredHinge()([[-1.0, 1.0]], [[0.5, 2.0]]))
        1.125
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)
