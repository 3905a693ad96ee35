"""The best of one rate while another is at least a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from multiback import ops
from multiback.errors import ArgumentError
from multiback.losses._one_graph import one_graph
from multiback.metrics._confusion import Thresholds
from multiback.metrics._curve import CurveMetric, precision, recall, specificity
from multiback.metrics.registry import register


class _BestRate(CurveMetric):
    """The largest `_wanted` rate at thresholds whose `_bounded` rate is at least `value`."""

    _bounded: ClassVar[Callable[..., Any]]
    _wanted: ClassVar[Callable[..., Any]]
    _argument: ClassVar[str]

    def __init__(self, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        if not 0 <= value <= 1:
            raise ArgumentError(f"{self._argument} must be between 0 and 1, got {value!r}.")
        if num_thresholds <= 0:
            raise ArgumentError(f"num_thresholds must be at least 1, got {num_thresholds}.")
        self.value = value
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        values = np.linspace(0.0, 1.0, num_thresholds).tolist() if num_thresholds > 1 else [0.5]
        self._thresholds = Thresholds(tuple(values), num_thresholds > 1)
        self.thresholds = values
        self._add_counts((num_thresholds,))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch of targets and predictions into account."""
        self._update_counts(y_true, y_pred, self._thresholds, class_id=self.class_id, sample_weight=sample_weight)

    def result(self) -> Any:
        tp, fp, tn, fn = self._counts()
        return _best(tp, fp, tn, fn, type(self)._wanted, type(self)._bounded, self.value)

    def get_config(self) -> dict[str, Any]:
        own = {self._argument: self.value, "num_thresholds": self.num_thresholds, "class_id": self.class_id}
        return {**super().get_config(), **own}


@one_graph
def _best(
    tp: Any, fp: Any, tn: Any, fn: Any, wanted: Callable[..., Any], bounded: Callable[..., Any], value: float
) -> Any:
    allowed = ops.greater_equal(bounded(tp, fp, tn, fn), value)
    return ops.max(ops.where(allowed, wanted(tp, fp, tn, fn), 0.0))


@register()
class SensitivityAtSpecificity(_BestRate):
    """The largest sensitivity tp / (tp + fn) at a threshold whose specificity tn / (tn + fp) is at least a value.

    Arguments:
        specificity: The least specificity, between 0 and 1.
        num_thresholds: How many thresholds, spread evenly over [0, 1].
        class_id: Only this entry of the last axis counts.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for a value out of range.

    Example:
        >>> float(SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8]))
        0.5
    """

    _bounded, _wanted, _argument = staticmethod(specificity), staticmethod(recall), "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity


@register()
class SpecificityAtSensitivity(_BestRate):
    """The largest specificity tn / (tn + fp) at a threshold whose sensitivity tp / (tp + fn) is at least a value.

    Arguments:
        sensitivity: The least sensitivity, between 0 and 1.
        num_thresholds: How many thresholds, spread evenly over [0, 1].
        class_id: Only this entry of the last axis counts.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for a value out of range.

    Example:
        >>> SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])    # 0.6666667
    """

    _bounded, _wanted, _argument = staticmethod(recall), staticmethod(specificity), "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity


@register()
class PrecisionAtRecall(_BestRate):
    """The largest precision tp / (tp + fp) at a threshold whose recall tp / (tp + fn) is at least a value.

    Arguments:
        recall: The least recall, between 0 and 1.
        num_thresholds: How many thresholds, spread evenly over [0, 1].
        class_id: Only this entry of the last axis counts.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for a value out of range.

    Example:
        >>> float(PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8]))
        0.5
    """

    _bounded, _wanted, _argument = staticmethod(recall), staticmethod(precision), "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall


@register()
class RecallAtPrecision(_BestRate):
    """The largest recall tp / (tp + fn) at a threshold whose precision tp / (tp + fp) is at least a value.

    Arguments:
        precision: The least precision, between 0 and 1.
        num_thresholds: How many thresholds, spread evenly over [0, 1].
        class_id: Only this entry of the last axis counts.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for a value out of range.

    Example:
        >>> float(RecallAtPrecision(0.8)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9]))
        0.5
    """

    _bounded, _wanted, _argument = staticmethod(precision), staticmethod(recall), "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision
