"""The loss of one class in many, robust against wrong labels."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.losses._arrays import as_arrays, as_float, as_int
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register()
@of_targets
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """Generalized cross-entropy: (1 - p[y]^q) / q, p along the last axis and y the class number.

    Arguments:
        y_true: Class numbers y: the shape of `y_pred` without its last axis.
        y_pred: Probabilities p.
        q: Between 0 (the cross-entropy, in the limit) and 1 (the mean absolute error).

    Returns:
        The loss of each sample, in the dtype of `y_pred`.

    Source: Zhang and Sabuncu 2018, Generalized cross entropy loss for training deep neural networks with noisy labels.

    Example:
        >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5)    # 1.0
    """
    y_true, y_pred = as_arrays(y_true, y_pred)
    y_pred = as_float(y_pred)
    chosen = ops.one_hot(as_int(y_true), y_pred.shape[-1], dtype=y_pred.dtype)
    return (1.0 - ops.power(ops.sum(y_pred * chosen, axis=-1), q)) / q


@REGISTRY.register()
class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """Generalized cross-entropy: the mean of (1 - p[y]^q) / q.

    Arguments:
        q: Between 0 and 1, both excluded.
        reduction, name, dtype: As for `Loss`.

    Raises:
        ArgumentError: if q is not between 0 and 1.

    Example:
        >>> CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]])    # 1.0
    """

    _integer_targets = True

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ArgumentError(f"q must be between 0 and 1, got {q!r}.")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
