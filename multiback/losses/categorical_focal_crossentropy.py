"""The loss of one class in many, most of it from hard samples."""

from __future__ import annotations

from typing import Any

from multiback import config, ops
from multiback.losses._one_graph import of_targets
from multiback.losses.categorical_crossentropy import distributions
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register()
@of_targets
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Categorical focal cross-entropy: -sum(alpha * (1 - p)^gamma * y * log(p)) along `axis`.

    Arguments:
        y_true: Targets y: distributions along `axis`, such as one-hot vectors.
        y_pred: Probabilities p, scaled to sum 1 and clipped to [epsilon, 1 - epsilon]; or logits. Of the same shape.
        alpha: Weight, a number or one per class.
        gamma: How much easy samples are discounted; 0 gives the plain cross-entropy times alpha.
        from_logits: Whether `y_pred` are logits: p = softmax(y_pred).
        label_smoothing: Moves targets toward the uniform distribution.
        axis: Of the classes.

    Returns:
        The loss of each sample: the shape without `axis`, in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Source: Lin et al. 2017, Focal loss for dense object detection.

    Example:
        >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])    # 0.0433217
    """
    y_true, y_pred = distributions(y_true, y_pred, "categorical_focal_crossentropy", label_smoothing, axis)
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    p = ops.clip(y_pred / ops.sum(y_pred, axis=axis, keepdims=True), config.epsilon(), 1.0 - config.epsilon())
    return -ops.sum(ops.multiply(ops.power(1.0 - p, gamma) * y_true * ops.log(p), alpha), axis=axis)


@REGISTRY.register()
class CategoricalFocalCrossentropy(FunctionLoss):
    """Categorical focal cross-entropy: the mean of -sum(alpha * (1 - p)^gamma * y * log(p)).

    Arguments:
        alpha, gamma, from_logits, label_smoothing, axis: As for `categorical_focal_crossentropy`.
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])    # 0.0433217
    """

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_focal_crossentropy, reduction, name, dtype,
            alpha=alpha, gamma=gamma, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip
