"""The area under a curve of rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import config, ops
from multiback.errors import ArgumentError, ShapeError, closest
from multiback.losses._arrays import as_arrays, shown
from multiback.losses._one_graph import one_graph
from multiback.metrics._confusion import Thresholds, is_even
from multiback.metrics._curve import CurveMetric, precision, recall
from multiback.metrics.registry import register

_CURVES = ("ROC", "PR", "PRGAIN")
_SUMMATIONS = ("interpolation", "minoring", "majoring")


@register()
class AUC(CurveMetric):
    """Area under the ROC, precision-recall or precision-recall-gain curve, as a Riemann sum over thresholds.

    Rates of nothing are 0: without positive targets, or without negative ones, so is the area under the ROC curve.

    Arguments:
        num_thresholds: How many thresholds, spread evenly over [0, 1], the ends included.
        curve: "ROC": recall over false positive rate; "PR": precision over recall; "PRGAIN": their gains.
        summation_method: "interpolation": the mean of neighbours (for "PR" the interpolation of Davis and Goadrich);
            "minoring" and "majoring": the smaller and the larger one.
        name, dtype: As for `Metric`.
        thresholds: Thresholds between 0 and 1 instead of even ones; the ends are added.
        multi_label: Whether areas are computed for each entry of the last axis, and averaged.
        num_labels: Size of the last axis with `multi_label`; otherwise it is taken from the first batch.
        label_weights: Weights of the labels: in the average with `multi_label`, else in the counts.
        from_logits: Whether predictions are logits instead of probabilities.

    Raises:
        ArgumentError: for an unknown curve or summation, too few thresholds, or one out of range.
        ShapeError: on update with `multi_label`, if predictions are not of shape (n, labels).

    Source: Davis and Goadrich 2006, The relationship between precision-recall and ROC curves; Flach and Kull 2015,
        Precision-recall-gain curves.

    Example:
        >>> AUC(num_thresholds=3)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])    # 0.75
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.curve = _one_of("curve", str(curve).upper(), _CURVES)
        self.summation_method = _one_of("summation_method", str(summation_method).lower(), _SUMMATIONS)
        self._given = None if thresholds is None else sorted(float(t) for t in thresholds)
        self._thresholds = _thresholds(num_thresholds, self._given)
        self.num_thresholds = len(self._thresholds)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.from_logits = from_logits
        self.label_weights = None if label_weights is None else np.asarray(label_weights, self.dtype.numpy)
        if num_labels and not multi_label:
            raise ArgumentError("num_labels is for multi_label=True only.")
        self._built = False
        if num_labels or not multi_label:
            self._build(num_labels)

    @property
    def thresholds(self) -> list[float]:
        """All thresholds; the first is a little below 0 and the last a little above 1."""
        return list(self._thresholds.values)

    def _build(self, labels: int | None) -> None:
        self._add_counts((self.num_thresholds, labels) if labels else (self.num_thresholds,))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch of targets and predictions into account."""
        y_true, y_pred, sample_weight = as_arrays(y_true, y_pred, sample_weight)
        if self.multi_label:
            self._check_labels(y_pred)
        if self.from_logits:
            y_pred = ops.sigmoid(y_pred)
        self._update_counts(
            y_true,
            y_pred,
            self._thresholds,
            sample_weight=sample_weight,
            multi_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
        )

    def _check_labels(self, y_pred: Any) -> None:
        if len(y_pred.shape) != 2:
            raise ShapeError(f"{self.name} expects predictions of shape (n, labels), got {shown(y_pred.shape)}.")
        if not self._built:
            self._build(y_pred.shape[1])
        if y_pred.shape[1] != self.true_positives.shape[1]:
            raise ShapeError(
                f"{self.name} has {self.true_positives.shape[1]} labels, got predictions of {shown(y_pred.shape)}."
            )

    def result(self) -> Any:
        if not self._built:
            return ops.zeros((), self.dtype)
        tp, fp, tn, fn = self._counts()
        return _area(tp, fp, tn, fn, self.label_weights, self.curve, self.summation_method, self.multi_label)

    def get_config(self) -> dict[str, Any]:
        config = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else self.label_weights.tolist(),
            "from_logits": self.from_logits,
        }
        return config if self._given is None else {**config, "thresholds": self._given}


@one_graph
def _area(tp: Any, fp: Any, tn: Any, fn: Any, label_weights: Any, curve: str, summation: str, multi_label: bool) -> Any:
    if curve == "PR" and summation == "interpolation":
        terms = _interpolated(tp, fp, fn)
    else:
        x, y = _points(tp, fp, tn, fn, curve)
        left, right = y[:-1], y[1:]
        heights = {
            "interpolation": lambda: (left + right) * 0.5,
            "minoring": lambda: ops.minimum(left, right),
            "majoring": lambda: ops.maximum(left, right),
        }
        terms = (x[:-1] - x[1:]) * heights[summation]()
    if not multi_label:
        return ops.sum(terms)
    areas = ops.sum(terms, axis=0)
    if label_weights is None:
        return ops.mean(areas)
    return ops.divide_no_nan(ops.sum(areas * label_weights), ops.sum(label_weights))


def _points(tp: Any, fp: Any, tn: Any, fn: Any, curve: str) -> tuple[Any, Any]:
    if curve == "ROC":
        return ops.divide_no_nan(fp, fp + tn), recall(tp, fp, tn, fn)
    if curve == "PR":
        return recall(tp, fp, tn, fn), precision(tp, fp, tn, fn)
    odds = ops.divide_no_nan(tp + fn, tn + fp)
    none = ops.equal(tp, 0.0)
    recall_gain = ops.where(none, 0.0, 1.0 - odds * ops.divide_no_nan(fn, tp))
    precision_gain = ops.where(none, 1.0, 1.0 - odds * ops.divide_no_nan(fp, tp))
    return ops.maximum(recall_gain, 0.0), precision_gain


def _interpolated(tp: Any, fp: Any, fn: Any) -> Any:
    """The area between neighbours when tp grows linearly with tp + fp between them."""
    found = tp + fp
    gained = tp[:-1] - tp[1:]
    slope = ops.divide_no_nan(gained, ops.maximum(found[:-1] - found[1:], 0.0))
    intercept = tp[1:] - slope * found[1:]
    both = ops.logical_and(ops.greater(found[:-1], 0.0), ops.greater(found[1:], 0.0))
    ratio = ops.where(both, ops.divide_no_nan(found[:-1], found[1:]), 1.0)
    return ops.divide_no_nan(slope * (gained + intercept * ops.log(ratio)), ops.maximum(tp[1:] + fn[1:], 0.0))


def _one_of(what: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise ArgumentError(f"Unknown {what} {value!r}.{closest(value, known)} Known: {', '.join(known)}.")
    return value


def _thresholds(count: int, given: Sequence[float] | None) -> Thresholds:
    if given is None:
        if count <= 1:
            raise ArgumentError(f"num_thresholds must be at least 2, got {count}.")
        inner: Sequence[float] = np.linspace(0.0, 1.0, count)[1:-1].tolist()
        even = True
    else:
        inner = Thresholds.of(given).values
        even = is_even([0.0, *inner, 1.0])
    return Thresholds((-config.epsilon(), *inner, 1.0 + config.epsilon()), even)
