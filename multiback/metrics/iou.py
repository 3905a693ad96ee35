"""The overlap of regions, class by class."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import config, dtypes, ops
from multiback.dtypes import DType
from multiback.errors import ArgumentError
from multiback.losses._arrays import as_array, as_arrays
from multiback.losses._one_graph import one_graph
from multiback.metrics.metric import Metric
from multiback.metrics.registry import register
from multiback.ops.scattering import scatter_rows


@register()
class IoU(Metric):
    """Intersection over union, tp / (tp + fp + fn), averaged over some classes; classes that never occur are left out.

    `config.epsilon()` is added to the union and to the number of classes.

    Arguments:
        num_classes: How many classes there are.
        target_class_ids: Over which the mean is taken.
        name: As for `Metric`.
        dtype: Of the confusion matrix. Default: int32.
        ignore_class: Targets of this class do not count.
        sparse_y_true, sparse_y_pred: Whether targets and predictions are class numbers; else they are scores.
        axis: Of the classes where they are not.

    Raises:
        ArgumentError: if a target class is out of range.

    Source: Jaccard 1912, The distribution of the flora in the alpine zone.

    Example:
        >>> IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1])    # 0.33333334
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int32")
        if max(target_class_ids) >= num_classes:
            raise ArgumentError(
                f"target_class_ids must be below num_classes = {num_classes}, got {max(target_class_ids)}."
            )
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable((num_classes, num_classes), name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch into account; class numbers out of range do not count."""
        y_true, y_pred, weight = as_arrays(y_true, y_pred, sample_weight)
        if weight is not None and dtypes.as_dtype(weight.dtype).is_float and not self.dtype.is_float:
            warnings.warn(
                f"{self.name} counts in {self.dtype} and loses fractions of sample weights. Give it dtype='float32'.",
                stacklevel=2,
            )
        axes = (None if self.sparse_y_true else self.axis, None if self.sparse_y_pred else self.axis)
        self.total_cm.assign_add(
            _confusion(y_true, y_pred, weight, axes, self.num_classes, self.ignore_class, self.dtype)
        )

    def result(self) -> Any:
        return _mean_share(self.total_cm.value, tuple(self.target_class_ids))

    def get_config(self) -> dict[str, Any]:
        own = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


@one_graph
def _confusion(
    y_true: Any, y_pred: Any, weight: Any, axes: tuple[Any, Any], classes: int, ignored: int | None, dtype: DType
) -> Any:
    """The weights of pairs of target and prediction, of shape (classes, classes)."""
    pair = [y if axis is None else ops.argmax(y, axis=axis) for y, axis in zip((y_true, y_pred), axes)]
    y_true, y_pred = (ops.reshape(as_array(y, dtypes.int32), (-1,)) for y in pair)
    known = [ops.logical_and(ops.greater_equal(y, 0), ops.less(y, classes)) for y in (y_true, y_pred)]
    counts = ops.logical_and(*known)
    if ignored is not None:
        counts = ops.logical_and(counts, ops.not_equal(y_true, ignored))
    weights = ops.cast(counts, dtype)
    if weight is not None:
        weights = weights * ops.reshape(as_array(weight, dtype), (-1,))
    cell = ops.where(counts, y_true * classes + y_pred, 0)
    return ops.reshape(scatter_rows(np.zeros(classes**2, dtype.numpy), cell, weights, "add"), (classes, classes))


@one_graph
def _mean_share(matrix: Any, classes: tuple[int, ...]) -> Any:
    kind = matrix.dtype if matrix.dtype.is_float else dtypes.as_dtype(config.floatx())
    matrix = as_array(matrix, kind)
    right = ops.sum(matrix * np.eye(matrix.shape[0], dtype="int32"), axis=0)
    union = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - right
    right, union = (ops.take(x, np.asarray(classes, "int32"), axis=0) for x in (right, union))
    occurs = ops.greater(union, 1e-9)
    share = ops.where(occurs, right / (union + config.epsilon()), 0.0)
    return ops.sum(share) / (ops.sum(ops.cast(occurs, kind)) + config.epsilon())


def _without(config: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in names}


@register()
class BinaryIoU(IoU):
    """Intersection over union of two classes, predictions being probabilities of class 1.

    Arguments:
        target_class_ids: Over which the mean is taken.
        threshold: Probabilities of at least this count as class 1.
        name, dtype: As for `IoU`.

    Example:
        >>> BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])    # 0.33333334
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_classes=2, target_class_ids=target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred, sample_weight = as_arrays(y_true, y_pred, sample_weight)
        y_pred = ops.cast(ops.greater_equal(y_pred, self.threshold), dtypes.int32)
        super().update_state(y_true, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {**{k: config[k] for k in ("name", "dtype", "target_class_ids")}, "threshold": self.threshold}


@register()
class MeanIoU(IoU):
    """Intersection over union, averaged over all classes.

    Arguments:
        num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis: As for `IoU`.

    Example:
        >>> MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1])    # 0.33333334
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return _without(super().get_config(), "target_class_ids")


@register()
class OneHotIoU(IoU):
    """Intersection over union for one-hot targets, averaged over some classes.

    Arguments:
        num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_pred, axis: As for `IoU`.

    Example:
        >>> OneHotIoU(2, [0])([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])    # 1
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return _without(super().get_config(), "sparse_y_true")


@register()
class OneHotMeanIoU(MeanIoU):
    """Intersection over union for one-hot targets, averaged over all classes.

    Arguments:
        num_classes, name, dtype, ignore_class, sparse_y_pred, axis: As for `IoU`.

    Example:
        >>> OneHotMeanIoU(2)([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])    # 1
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return _without(super().get_config(), "sparse_y_true")
