"""Squares near the target, magnitudes far from it."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register()
@of_targets
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Huber loss: the mean over the last axis of e^2 / 2 where |e| <= delta, else delta * (|e| - delta / 2).

    Arguments:
        y_true, y_pred: Arrays of one shape (..., d); an axis of size 1 that only one of them has is added or dropped.
            The error e is y_pred - y_true.
        delta: Where squares turn into magnitudes.

    Returns:
        The loss of each sample, of shape (...), in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Source: Huber 1964, Robust estimation of a location parameter.

    Example:
        >>> huber([[0.0, 0.0]], [[0.5, 2.0]])    # 0.8125
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "huber")
    error = y_pred - y_true
    # With c the error clipped to +-delta, both branches are c * (e - c / 2), gradient included.
    clipped = ops.clip(error, -delta, delta)
    return ops.mean(clipped * (error - clipped * 0.5), axis=-1)


@REGISTRY.register()
class Huber(FunctionLoss):
    """Huber loss: squares of errors up to `delta`, magnitudes beyond.

    Arguments:
        delta: Where squares turn into magnitudes.
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> float(Huber()([[0.0, 0.0]], [[0.5, 2.0]]))
        0.8125
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)
