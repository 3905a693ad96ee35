"""The overlap of two regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import config, ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register()
@of_targets
def dice(y_true: Any, y_pred: Any, axis: int | Sequence[int] | None = None) -> Any:
    """Dice loss: 1 - 2 sum(y_true * y_pred) / (sum(y_true) + sum(y_pred) + epsilon).

    Arguments:
        y_true, y_pred: Arrays of one shape, between 0 and 1.
        axis: Along which sums are taken; None for all axes, the batch included.

    Returns:
        The loss: the shape without `axis`, in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Source: Milletari, Navab and Ahmadi 2016, V-Net: fully convolutional neural networks for volumetric segmentation.

    Example:
        >>> dice([1.0, 1.0, 0.0], [1.0, 0.0, 1.0])    # 0.5
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "dice")
    overlap = ops.sum(y_true * y_pred, axis=axis)
    return 1.0 - overlap * 2.0 / (ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis) + config.epsilon())


@REGISTRY.register()
class Dice(FunctionLoss):
    """Dice loss: 1 - 2 sum(y_true * y_pred) / (sum(y_true) + sum(y_pred)).

    Arguments:
        reduction, name, dtype: As for `Loss`.
        axis: Along which sums are taken; None for all axes, the batch included.

    Example:
        >>> Dice()([1.0, 1.0, 0.0], [1.0, 0.0, 1.0])    # 0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)
