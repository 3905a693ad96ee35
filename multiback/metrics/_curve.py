"""Metrics that keep the whole confusion matrix at many thresholds."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.metrics._confusion import Thresholds, update_counts
from multiback.metrics.metric import Metric

CELLS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class CurveMetric(Metric):
    """Base: the four counts at each threshold."""

    true_positives: Any
    false_positives: Any
    true_negatives: Any
    false_negatives: Any

    def _add_counts(self, shape: tuple[int, ...]) -> None:
        for cell in CELLS:
            setattr(self, cell, self.add_variable(shape, name=cell))

    def _update_counts(self, y_true: Any, y_pred: Any, thresholds: Thresholds, **options: Any) -> None:
        update_counts({cell: getattr(self, cell) for cell in CELLS}, y_true, y_pred, thresholds, **options)

    def _counts(self) -> list[Any]:
        return [getattr(self, cell).value for cell in CELLS]


def recall(tp: Any, fp: Any, tn: Any, fn: Any) -> Any:
    """How many of the positives are found."""
    return ops.divide_no_nan(tp, tp + fn)


def precision(tp: Any, fp: Any, tn: Any, fn: Any) -> Any:
    """How many of the found are positive."""
    return ops.divide_no_nan(tp, tp + fp)


def specificity(tp: Any, fp: Any, tn: Any, fn: Any) -> Any:
    """How many of the negatives are left out."""
    return ops.divide_no_nan(tn, tn + fp)
