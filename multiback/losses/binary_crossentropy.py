"""The loss of yes-or-no targets."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


def smoothed(y_true: Any, label_smoothing: float, classes: Any = 2) -> Any:
    """Targets moved toward the uniform distribution: y * (1 - s) + s / classes."""
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes if label_smoothing else y_true


@REGISTRY.register("bce", "BCE")
@of_targets
def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Binary cross-entropy: the mean along `axis` of -(y log(p) + (1 - y) log(1 - p)).

    Arguments:
        y_true: Targets y between 0 and 1.
        y_pred: Probabilities p, clipped to [epsilon, 1 - epsilon]; or logits. Of the same shape.
        from_logits: Whether `y_pred` are logits: p = sigmoid(y_pred), computed without overflow.
        label_smoothing: Moves targets toward 1/2: y * (1 - s) + s / 2.
        axis: Along which the mean is taken.

    Returns:
        The loss of each sample: the shape without `axis`, in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])    # 0.6931472
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "binary_crossentropy")
    losses = ops.binary_crossentropy(smoothed(y_true, label_smoothing), y_pred, from_logits=from_logits)
    return ops.mean(losses, axis=axis)


@REGISTRY.register()
class BinaryCrossentropy(FunctionLoss):
    """Binary cross-entropy: the mean of -(y log(p) + (1 - y) log(1 - p)).

    Arguments:
        from_logits: Whether predictions are logits instead of probabilities.
        label_smoothing: Moves targets toward 1/2.
        axis: Along which the mean of a sample is taken.
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> BinaryCrossentropy(from_logits=True)([[0.0, 1.0]], [[0.0, 0.0]])    # 0.6931472
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip
