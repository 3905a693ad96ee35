"""The margin between the right class and the best wrong one."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register()
@of_targets
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """Categorical hinge loss: max(0, 1 + max((1 - y_true) * y_pred) - sum(y_true * y_pred)) over the last axis.

    Arguments:
        y_true, y_pred: Arrays of one shape (..., d); an axis of size 1 that only one of them has is added or dropped.

    Returns:
        The loss of each sample, of shape (...), in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Source: Weston and Watkins 1999, Support vector machines for multi-class pattern recognition.

    Example:
        >>> categorical_hinge([[0.0, 1.0]], [[0.6, 0.4]])    # 1.2
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "categorical_hinge")
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.relu(wrong - right + 1.0)


@REGISTRY.register()
class CategoricalHinge(FunctionLoss):
    """Categorical hinge loss: max(0, 1 + the largest wrong score - the right one).

    Arguments:
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> CategoricalHinge()([[0.0, 1.0]], [[0.6, 0.4]])    # 1.2
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "categorical_hinge", dtype: Any = None
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)
