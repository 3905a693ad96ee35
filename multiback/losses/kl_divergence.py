"""The divergence of two distributions."""

from __future__ import annotations

from typing import Any

from multiback import config, ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register("kld", "KLD")
@of_targets
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Kullback-Leibler divergence: sum(y_true * log(y_true / y_pred)) over the last axis, both clipped to [epsilon, 1].

    Arguments:
        y_true, y_pred: Arrays of one shape (..., d); an axis of size 1 that only one of them has is added or dropped.

    Returns:
        The loss of each sample, of shape (...), in the dtype of `y_pred`.

    Raises:
        ShapeError: if the shapes do not fit.

    Source: Kullback and Leibler 1951, On information and sufficiency.

    Example:
        >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])    # 0.14384103
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "kl_divergence")
    y_true, y_pred = (ops.clip(y, config.epsilon(), 1.0) for y in (y_true, y_pred))
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


@REGISTRY.register()
class KLDivergence(FunctionLoss):
    """Kullback-Leibler divergence: the sum of y_true * log(y_true / y_pred) over the last axis.

    Arguments:
        reduction, name, dtype: As for `Loss`.

    Example:
        >>> KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])    # 0.14384103
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)
