"""The loss of one class in many, with targets as class numbers."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ShapeError
from multiback.layers._masks import set_mask
from multiback.losses._arrays import as_arrays, as_float, as_int, shown
from multiback.losses._one_graph import of_targets
from multiback.losses.function_loss import FunctionLoss
from multiback.losses.registry import REGISTRY


@REGISTRY.register()
@of_targets
def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """Sparse categorical cross-entropy: -log(p[y]), p along `axis` and y the class number.

    Arguments:
        y_true: Class numbers y: the shape of `y_pred` without `axis`, or with size 1 there.
        y_pred: Probabilities p, scaled to sum 1 and clipped to [epsilon, 1 - epsilon]; or logits.
        from_logits: Whether `y_pred` are logits: log(p) = log_softmax(y_pred).
        ignore_class: A class number that counts as missing: its loss is 0 and masked.
        axis: Of the classes.

    Returns:
        The loss of each sample: the shape of `y_pred` without `axis`, in its dtype; masked with `ignore_class`. NaN
        where the class number is no class.

    Raises:
        ShapeError: if the shapes do not fit.

    Example:
        >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]])    # 0.6931472
    """
    y_true, y_pred = as_arrays(y_true, y_pred)
    y_true, y_pred = as_int(y_true), as_float(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis)
    if len(y_true.shape) != len(y_pred.shape) - 1:
        raise ShapeError(
            f"sparse_categorical_crossentropy expects y_true to be class numbers of the shape of y_pred without axis "
            f"{axis}, got {shown(y_true.shape)} and {shown(y_pred.shape)}. "
            "For one-hot targets, use the categorical cross-entropy."
        )
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    valid = ops.not_equal(y_true, ignore_class)
    y_true = ops.where(valid, y_true, 0)
    y_pred = ops.where(ops.expand_dims(valid, axis), y_pred, 1.0)
    losses = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    losses = ops.where(valid, losses, 0.0)
    set_mask(losses, valid)
    return losses


@REGISTRY.register()
class SparseCategoricalCrossentropy(FunctionLoss):
    """Sparse categorical cross-entropy: the mean of -log(p[y]).

    Arguments:
        from_logits: Whether predictions are logits instead of probabilities.
        ignore_class: A class number whose samples count neither in the sum nor in the mean.
        reduction, name, dtype: As for `Loss`.
        axis: Of the classes.

    Example:
        >>> SparseCategoricalCrossentropy(from_logits=True)([1], [[0.0, 0.0]])    # 0.6931472
    """

    _integer_targets = True

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, ignore_class=ignore_class, axis=axis,
        )  # fmt: skip
