"""The loss of one class in many, with targets as distributions."""

from __future__ import annotations

import warnings
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.losses._arrays import shown, targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.binary_crossentropy import smoothed
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


def distributions(y_true: Any, y_pred: Any, name: str, label_smoothing: float, axis: int) -> tuple[Any, Any]:
    """Targets, smoothed, and predictions, both checked."""
    if isinstance(axis, bool):
        raise ArgumentError(f"{name} expects axis to be an integer, got {axis!r}.")
    y_true, y_pred = targets_and_predictions(
        y_true, y_pred, name, "For targets that are class numbers, use the sparse categorical cross-entropy."
    )
    if y_pred.shape[axis] == 1:
        warnings.warn(
            f"{name} got predictions of shape {shown(y_pred.shape)}: with one class it is always 0. "
            "Use the binary cross-entropy for a single probability.",
            stacklevel=4,
        )
    classes = y_true.shape[axis]
    if label_smoothing and not isinstance(classes, int):
        raise ArgumentError(f"{name} needs a fixed number of classes for label smoothing, got {classes}.")
    return smoothed(y_true, label_smoothing, classes), y_pred


@REGISTRY.register()
@of_targets
def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Categorical cross-entropy: -sum(y * log(p)) along `axis`.

    Arguments:
        y_true: Targets y: distributions along `axis`, such as one-hot vectors.
        y_pred: Probabilities p, scaled to sum 1 and clipped to [epsilon, 1 - epsilon]; or logits. Of the same shape.
        from_logits: Whether `y_pred` are logits: log(p) = log_softmax(y_pred).
        label_smoothing: Moves targets toward the uniform distribution: y * (1 - s) + s / classes.
        axis: Of the classes.

    Returns:
        The loss of each sample: the shape without `axis`, in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])    # 0.6931472
    """
    y_true, y_pred = distributions(y_true, y_pred, "categorical_crossentropy", label_smoothing, axis)
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


@REGISTRY.register()
class CategoricalCrossentropy(FunctionLoss):
    """Categorical cross-entropy: the mean of -sum(y * log(p)).

    Arguments:
        from_logits: Whether predictions are logits instead of probabilities.
        label_smoothing: Moves targets toward the uniform distribution.
        axis: Of the classes.
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> CategoricalCrossentropy(from_logits=True)([[0.0, 1.0]], [[0.0, 0.0]])    # 0.6931472
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip
