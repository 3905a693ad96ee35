"""What `compile(metrics=[...])` means for given targets and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback.errors import ArgumentError
from multiback.losses import binary_crossentropy, sparse_categorical_crossentropy
from multiback.losses.resolve import Task, task_of
from multiback.metrics.binary_accuracy import BinaryAccuracy
from multiback.metrics.categorical_accuracy import CategoricalAccuracy
from multiback.metrics.function_metric import MeanMetricWrapper
from multiback.metrics.metric import Metric
from multiback.metrics.registry import get
from multiback.metrics.sparse_categorical_accuracy import SparseCategoricalAccuracy

_ACCURACIES = {"binary": BinaryAccuracy, "sparse": SparseCategoricalAccuracy, "categorical": CategoricalAccuracy}
_TASKS = {binary_crossentropy: "binary", sparse_categorical_crossentropy: "sparse"}


def resolve(
    identifier: Any, y_true_shape: Sequence[Any] | None, y_pred_shape: Sequence[Any], loss: Any = None
) -> Metric:
    """The metric object for one output of a model.

    Arguments:
        identifier: A `Metric`, a function, a name or a configuration; "accuracy" or "acc" choose the accuracy that fits
            the shapes: binary for one probability, sparse for class numbers, else categorical.
        y_true_shape, y_pred_shape: Of targets and predictions. Without the first, the loss decides.
        loss: The loss of this output; used only without `y_true_shape`.

    Returns:
        A metric that bears the name given, or the function's. A `Metric` is returned as it is.

    Raises:
        UnknownNameError: for a name that is not registered.
        ArgumentError: for None.

    Example:
        >>> resolve("accuracy", (32,), (32, 10))
        <SparseCategoricalAccuracy name=accuracy>
    """
    if identifier is None:
        raise ArgumentError("A metric is given by name, configuration, function or object; got None.")
    if not isinstance(identifier, str):
        found = get(identifier)
        return found if isinstance(found, Metric) else MeanMetricWrapper(found)
    if identifier.lower() in ("accuracy", "acc"):
        return _ACCURACIES[_task(y_true_shape, y_pred_shape, loss)](name=identifier)
    found = get(identifier)
    metric = found if isinstance(found, Metric) else MeanMetricWrapper(found)
    metric.name = identifier
    return metric


def _task(y_true_shape: Sequence[Any] | None, y_pred_shape: Sequence[Any], loss: Any) -> Task:
    if y_true_shape is not None:
        return task_of(y_true_shape, y_pred_shape)
    if y_pred_shape[-1] == 1:
        return "binary"
    return _TASKS.get(getattr(loss, "fn", loss), "categorical")  # type: ignore[return-value]
