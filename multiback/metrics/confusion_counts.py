"""The four counts of a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from multiback.metrics._confusion import Thresholds, update_counts
from multiback.metrics._samples import own_storage
from multiback.metrics.metric import Metric
from multiback.metrics.registry import register


class ConfusionCount(Metric):
    """The sum of the weights of one cell of the confusion matrix, at each threshold."""

    _cell: ClassVar[str]

    def __init__(
        self, thresholds: float | Sequence[float] | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self._thresholds = Thresholds.of(thresholds)
        self.thresholds = list(self._thresholds.values)
        self.accumulator = self.add_variable((len(self._thresholds),), name="accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch of targets and predictions into account."""
        update_counts({self._cell: self.accumulator}, y_true, y_pred, self._thresholds, sample_weight=sample_weight)

    def result(self) -> Any:
        counts = own_storage(self.accumulator)
        return counts[0] if len(self._thresholds) == 1 else counts

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


@register()
class TruePositives(ConfusionCount):
    """The weight of positive targets whose predictions are above the threshold; NaN is not.

    Arguments:
        thresholds: One or several between 0 and 1. Default: 0.5.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for thresholds out of range.

    Example:
        >>> float(TruePositives()([0, 1, 1, 1], [1, 0, 1, 1]))
        2.0
    """

    _cell = "true_positives"


@register()
class FalsePositives(ConfusionCount):
    """The weight of negative targets whose predictions are above the threshold.

    Arguments:
        thresholds: One or several between 0 and 1. Default: 0.5.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for thresholds out of range.

    Example:
        >>> float(FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1]))
        2.0
    """

    _cell = "false_positives"


@register()
class TrueNegatives(ConfusionCount):
    """The weight of negative targets whose predictions are not above the threshold.

    Arguments:
        thresholds: One or several between 0 and 1. Default: 0.5.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for thresholds out of range.

    Example:
        >>> float(TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0]))
        2.0
    """

    _cell = "true_negatives"


@register()
class FalseNegatives(ConfusionCount):
    """The weight of positive targets whose predictions are not above the threshold.

    Arguments:
        thresholds: One or several between 0 and 1. Default: 0.5.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for thresholds out of range.

    Example:
        >>> float(FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0]))
        2.0
    """

    _cell = "false_negatives"
