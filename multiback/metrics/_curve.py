"""Metrics that keep the whole confusion matrix at many thresholds."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.metrics._confusion import Thresholds, update_counts
from multiback.metrics.metric import Metric

CELLS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class CurveMetric(Metric):
    """Base: the four counts at each threshold, and the rates made of them."""

    true_positives: Any
    false_positives: Any
    true_negatives: Any
    false_negatives: Any

    def _add_counts(self, shape: tuple[int, ...]) -> None:
        for cell in CELLS:
            setattr(self, cell, self.add_variable(shape, name=cell))

    def _update_counts(self, y_true: Any, y_pred: Any, thresholds: Thresholds, **options: Any) -> None:
        update_counts({cell: getattr(self, cell) for cell in CELLS}, y_true, y_pred, thresholds, **options)

    def _recall(self) -> Any:
        return ops.divide_no_nan(self.true_positives, self.true_positives + self.false_negatives)

    def _precision(self) -> Any:
        return ops.divide_no_nan(self.true_positives, self.true_positives + self.false_positives)

    def _specificity(self) -> Any:
        return ops.divide_no_nan(self.true_negatives, self.true_negatives + self.false_positives)

    def _false_positive_rate(self) -> Any:
        return ops.divide_no_nan(self.false_positives, self.false_positives + self.true_negatives)
