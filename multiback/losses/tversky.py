"""The overlap of two regions, with two kinds of error weighted apart."""

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
def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: int | Sequence[int] | None = None
) -> Any:
    """Tversky loss: 1 - o / (o + alpha a + beta b + epsilon), o = sum(t p), a = sum(t (1 - p)), b = sum(p (1 - t)).

    Arguments:
        y_true, y_pred: Arrays t and p of one shape, between 0 and 1.
        alpha: Weight of what is missed, a.
        beta: Weight of what is found in excess, b. With alpha = beta = 1/2 this is the Dice loss.
        axis: Along which sums are taken; None for all axes, the batch included.

    Returns:
        The loss: the shape without `axis`, in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Source: Salehi, Erdogmus and Gholipour 2017, Tversky loss function for image segmentation.

    Example:
        >>> tversky([1.0, 1.0, 0.0], [1.0, 0.0, 1.0])    # 0.5
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "tversky")
    overlap = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum((1.0 - y_pred) * y_true, axis=axis)
    excess = ops.sum((1.0 - y_true) * y_pred, axis=axis)
    return 1.0 - overlap / (overlap + missed * alpha + excess * beta + config.epsilon())


@REGISTRY.register()
class Tversky(FunctionLoss):
    """Tversky loss: Dice with weights for what is missed and what is found in excess.

    Arguments:
        alpha: Weight of what is missed.
        beta: Weight of what is found in excess.
        reduction, name, dtype: As for `Loss`.
        axis: Along which sums are taken; None for all axes, the batch included.

    Example:
        >>> Tversky()([1.0, 1.0, 0.0], [1.0, 0.0, 1.0])    # 0.5
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
