"""How often predictions equal targets."""

from __future__ import annotations

from typing import Any

from multiback import config, ops
from multiback.losses._arrays import same_rank
from multiback.losses._one_graph import of_targets
from multiback.metrics.function_metric import FunctionMetric
from multiback.metrics.registry import FUNCTIONS, register


@FUNCTIONS.register()
@of_targets
def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where target and prediction are equal, else 0.

    Arguments:
        y_true, y_pred: Arrays of one shape; a last axis of size 1 that only one of them has is added or dropped.

    Returns:
        Their shape, in `floatx()`.

    Example:
        >>> accuracy([1, 2, 3], [1, 2, 0])    # 1 1 0
    """
    return matches(*same_rank(y_true, y_pred))


def matches(y_true: Any, y_pred: Any) -> Any:
    """1 where the arrays are equal, else 0, in `floatx()`."""
    return ops.cast(ops.equal(y_true, y_pred), config.floatx())


@register()
class Accuracy(FunctionMetric):
    """How often predictions equal targets.

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> float(Accuracy()([1, 2, 3, 4], [1, 2, 3, 0]))
        0.75
    """

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)
