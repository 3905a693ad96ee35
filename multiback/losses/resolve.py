"""What `compile(loss=...)` means for given targets and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from multiback.losses.binary_crossentropy import binary_crossentropy
from multiback.losses.categorical_crossentropy import categorical_crossentropy
from multiback.losses.function_loss import LossFunctionWrapper
from multiback.losses.loss import Loss
from multiback.losses.registry import get
from multiback.losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy

Task = Literal["binary", "sparse", "categorical"]
_CROSSENTROPIES = {
    "binary": binary_crossentropy,
    "sparse": sparse_categorical_crossentropy,
    "categorical": categorical_crossentropy,
}


def task_of(y_true_shape: Sequence[Any], y_pred_shape: Sequence[Any]) -> Task:
    """Whether predictions are one probability ("binary"), or of classes given by number ("sparse") or by distribution.

    Example:
        >>> task_of((32,), (32, 10))
        'sparse'
    """
    if not y_pred_shape or y_pred_shape[-1] == 1:
        return "binary"
    if len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1:
        return "sparse"
    return "categorical"


def resolve(identifier: Any, y_true_shape: Sequence[Any], y_pred_shape: Sequence[Any]) -> Loss | None:
    """The loss object for one output of a model; None stays None.

    Arguments:
        identifier: A `Loss`, a function, a name or a configuration; "crossentropy" or "ce" choose the cross-entropy
            that fits the shapes.
        y_true_shape, y_pred_shape: Of targets and predictions.

    Raises:
        UnknownNameError: for a name that is not registered.

    Example:
        >>> resolve("crossentropy", (32,), (32, 10)).name
        'crossentropy'
    """
    if identifier is None:
        return None
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        found = _CROSSENTROPIES[task_of(y_true_shape, y_pred_shape)]
    else:
        found = get(identifier)
    if isinstance(found, Loss):
        return found
    return LossFunctionWrapper(found, name=identifier if isinstance(identifier, str) else None)
