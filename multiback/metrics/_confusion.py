"""Weighted counts of true and false positives and negatives at thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback import config, ops
from multiback.dtypes import DType
from multiback.errors import ArgumentError, ShapeError
from multiback.losses._arrays import as_array, as_arrays, same_rank, shown
from multiback.losses._one_graph import one_graph
from multiback.ops.cumulative import cumulative_sum
from multiback.ops.scattering import scatter_rows
from multiback.variables import Variable

# A threshold that everything passes except what the top-k filter takes out.
LOWEST = -1e10


@dataclass(frozen=True)
class Thresholds:
    """At which predictions count as positive.

    Attributes:
        values: In the order given.
        even: Whether they divide [0, 1] evenly, so that a prediction's place among them can be computed.
    """

    values: tuple[float, ...]
    even: bool

    @staticmethod
    def of(given: float | Sequence[float] | None, default: float = 0.5) -> Thresholds:
        """Thresholds a person gave: one, several or None.

        Raises:
            ArgumentError: if one is not between 0 and 1.
        """
        if given is None:
            return Thresholds((default,), False)
        values = tuple(given) if isinstance(given, Sequence | np.ndarray) else (given,)
        if wrong := [t for t in values if t is None or not 0 <= t <= 1]:
            raise ArgumentError(f"Thresholds must be between 0 and 1, got {', '.join(map(str, wrong))}.")
        return Thresholds(values, is_even(values))

    def __len__(self) -> int:
        return len(self.values)


def is_even(values: Sequence[float]) -> bool:
    """Whether at least three thresholds divide [0, 1] evenly."""
    even = np.linspace(0.0, 1.0, len(values))
    return len(values) >= 3 and bool(np.allclose(values, even, atol=config.epsilon()))


def update_counts(
    variables: Mapping[str, Variable],
    y_true: Any,
    y_pred: Any,
    thresholds: Thresholds,
    *,
    top_k: int | None = None,
    class_id: int | None = None,
    sample_weight: Any = None,
    multi_label: bool = False,
    label_weights: Any = None,
) -> None:
    """Adds a batch's counts to Variables.

    Arguments:
        variables: By the name of the count: `true_positives` and so on; only these are computed.
        y_true: Targets; what is not 0 is positive.
        y_pred: Predictions of the same shape; those above a threshold are positive, NaN never.
        thresholds: T of them.
        top_k: Only the k largest predictions of a sample can be positive.
        class_id: Only this entry of the last axis counts.
        sample_weight: Weights for the leading axes.
        multi_label: Whether entries of the last axis are counted apart.
        label_weights: Weights for the last axis.
    """
    y_true, y_pred, sample_weight, label_weights = as_arrays(y_true, y_pred, sample_weight, label_weights)
    counts = _counts(
        y_true,
        y_pred,
        sample_weight,
        label_weights,
        thresholds.values,
        thresholds.even,
        tuple(variables),
        top_k,
        class_id,
        multi_label,
        next(iter(variables.values())).dtype,
    )
    for variable, count in zip(variables.values(), counts):
        variable.assign_add(count)


@one_graph
def _counts(
    y_true: Any,
    y_pred: Any,
    weight: Any,
    label_weights: Any,
    thresholds: tuple[float, ...],
    even: bool,
    wanted: tuple[str, ...],
    top_k: int | None,
    class_id: int | None,
    multi_label: bool,
    dtype: DType,
) -> list[Any]:
    """The wanted counts, each of shape (thresholds,) or (thresholds, labels), or a scalar for a single threshold."""
    y_pred, y_true = same_rank(as_array(y_pred, dtype), y_true)
    if weight is not None:
        weight = ops.expand_dims(as_array(weight, dtype), -1)
        weight = same_rank(y_true, weight, expand_rank_1=False)[1]
    if top_k is not None:
        y_pred = _only_top(y_pred, top_k)
    if class_id is not None:
        if len(y_pred.shape) < 2:
            raise ShapeError(f"class_id needs predictions of shape (n, classes), got {shown(y_pred.shape)}.")
        y_true, y_pred = y_true[..., class_id, None], y_pred[..., class_id, None]
    if label_weights is not None:
        label_weights = as_array(label_weights, dtype)
        weight = label_weights if weight is None else weight * label_weights
    positive = ops.cast(ops.not_equal(y_true, 0), dtype)
    negative = 1.0 - positive
    if weight is not None:
        positive, negative = positive * weight, negative * weight
    count = _by_bucket if even else _by_comparison
    return count(positive, negative, y_pred, thresholds, wanted, multi_label, dtype)


def _only_top(scores: Any, k: int) -> Any:
    _, places = ops.top_k(scores, k)
    chosen = ops.sum(ops.one_hot(places, scores.shape[-1], dtype=scores.dtype), axis=-2)
    return ops.where(ops.greater(chosen, 0), scores, LOWEST)


def _by_comparison(
    positive: Any,
    negative: Any,
    y_pred: Any,
    thresholds: tuple[float, ...],
    wanted: tuple[str, ...],
    multi_label: bool,
    dtype: DType,
) -> list[Any]:
    """Every prediction against every threshold."""
    axis: int | None = None
    limits: Any = thresholds[0]
    if multi_label or len(thresholds) > 1:
        axis = 1
        data = (positive, negative, y_pred)
        positive, negative, y_pred = (ops.expand_dims(x, 0) if multi_label else ops.reshape(x, (1, -1)) for x in data)
        limits = np.reshape(np.asarray(thresholds, dtype.numpy), (-1, *[1] * (len(y_pred.shape) - 1)))
    found = ops.cast(ops.greater(y_pred, limits), dtype)
    parts = {
        "true_positives": lambda: positive * found,
        "false_positives": lambda: negative * found,
        "true_negatives": lambda: negative * (1.0 - found),
        "false_negatives": lambda: positive * (1.0 - found),
    }
    return [ops.sum(parts[name](), axis=axis) for name in wanted]


def _by_bucket(
    positive: Any,
    negative: Any,
    y_pred: Any,
    thresholds: tuple[float, ...],
    wanted: tuple[str, ...],
    multi_label: bool,
    dtype: DType,
) -> list[Any]:
    """Evenly spread thresholds: every prediction falls into one bucket; sums from the right give the counts."""
    steps = len(thresholds)
    inside = ops.where(ops.greater(y_pred, 0.0), ops.minimum(y_pred, 1.0), 0.0)
    # Bucket i holds what is above threshold i - 1 and at most threshold i; bucket 0 what is above none.
    bucket = ops.ceil(inside * (steps - 1.0))
    if thresholds[0] < 0:
        bucket = ops.maximum(bucket, 1.0)
    bucket = ops.cast(bucket, "int32")
    labels = y_pred.shape[-1] if multi_label else 1
    if multi_label:
        bucket = bucket + np.arange(labels, dtype="int32") * (steps + 1)
    sides = ops.stack([ops.reshape(x, (-1,)) for x in (positive, negative)], axis=1)
    empty = np.zeros((labels * (steps + 1), 2), dtype.numpy)
    sums = ops.reshape(scatter_rows(empty, ops.reshape(bucket, (-1,)), sides, "add"), (labels, steps + 1, 2))
    above = cumulative_sum(sums, axis=1, reverse=True)
    reached, totals = ops.transpose(above[:, 1:], (2, 1, 0)), ops.transpose(above[:, :1], (2, 1, 0))
    if not multi_label:
        reached, totals = reached[:, :, 0], totals[:, :, 0]
    parts = {
        "true_positives": lambda: reached[0],
        "false_positives": lambda: reached[1],
        "true_negatives": lambda: totals[1] - reached[1],
        "false_negatives": lambda: totals[0] - reached[0],
    }
    return [parts[name]() for name in wanted]
