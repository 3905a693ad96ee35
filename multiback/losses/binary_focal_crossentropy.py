"""The loss of yes-or-no targets, most of it from hard samples."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.binary_crossentropy import smoothed
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register()
@of_targets
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Binary focal cross-entropy: the mean along `axis` of (1 - p_t)^gamma * bce, p_t = y p + (1 - y)(1 - p).

    Arguments:
        y_true: Targets y between 0 and 1.
        y_pred: Probabilities p, or logits, of the same shape.
        apply_class_balancing: Whether losses are weighted: alpha where y is 1, 1 - alpha where it is 0.
        alpha: Weight of the class 1.
        gamma: How much easy samples are discounted; 0 gives the plain cross-entropy.
        from_logits: Whether `y_pred` are logits: p = sigmoid(y_pred).
        label_smoothing: Moves targets toward 1/2.
        axis: Along which the mean is taken.

    Returns:
        The loss of each sample: the shape without `axis`, in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Source: Lin et al. 2017, Focal loss for dense object detection.

    Example:
        >>> binary_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])    # 0.1732868
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "binary_focal_crossentropy")
    y_true = smoothed(y_true, label_smoothing)
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    right = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    losses = ops.power(1.0 - right, gamma) * ops.binary_crossentropy(y_true, y_pred)
    if apply_class_balancing:
        losses = losses * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return ops.mean(losses, axis=axis)


@REGISTRY.register()
class BinaryFocalCrossentropy(FunctionLoss):
    """Binary focal cross-entropy: the mean of (1 - p_t)^gamma * bce.

    Arguments:
        apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis: As for `binary_focal_crossentropy`.
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> BinaryFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])    # 0.1732868
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_focal_crossentropy, reduction, name, dtype,
            apply_class_balancing=apply_class_balancing, alpha=alpha, gamma=gamma,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip
