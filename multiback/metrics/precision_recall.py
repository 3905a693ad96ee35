"""How many of the found are right, and how many of the right are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from multiback import ops
from multiback.metrics._confusion import LOWEST, Thresholds, update_counts
from multiback.metrics.metric import Metric
from multiback.metrics.registry import register


class _Share(Metric):
    """True positives as a share of themselves and one kind of error."""

    _error: ClassVar[str]

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self._thresholds = Thresholds.of(thresholds, default=0.5 if top_k is None else LOWEST)
        self.thresholds = list(self._thresholds.values)
        self.true_positives = self.add_variable((len(self._thresholds),), name="true_positives")
        self._errors = self.add_variable((len(self._thresholds),), name=self._error)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch of targets and predictions into account."""
        update_counts(
            {"true_positives": self.true_positives, self._error: self._errors},
            y_true,
            y_pred,
            self._thresholds,
            top_k=self.top_k,
            class_id=self.class_id,
            sample_weight=sample_weight,
        )

    def result(self) -> Any:
        share = ops.divide_no_nan(self.true_positives, self.true_positives + self._errors)
        return share[0] if len(self._thresholds) == 1 else share

    def get_config(self) -> dict[str, Any]:
        own = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **own}


@register()
class Precision(_Share):
    """How many of the predicted positives are positive: tp / (tp + fp); 0 if there are none.

    Arguments:
        thresholds: Predictions above are positive: one or several between 0 and 1. Default: 0.5, with top_k none.
        top_k: Only the k largest predictions of a sample can be positive.
        class_id: Only this entry of the last axis counts.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for thresholds out of range.
        ShapeError: on update, if class_id is given for predictions without classes.

    Example:
        >>> Precision()([0, 1, 1, 1], [1, 0, 1, 1])    # 0.6666667
    """

    _error = "false_positives"

    @property
    def false_positives(self) -> Any:
        """The weight of wrong positives at each threshold."""
        return self._errors


@register()
class Recall(_Share):
    """How many of the positives are predicted: tp / (tp + fn); 0 if there are none.

    Arguments:
        thresholds: Predictions above are positive: one or several between 0 and 1. Default: 0.5, with top_k none.
        top_k: Only the k largest predictions of a sample can be positive.
        class_id: Only this entry of the last axis counts.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for thresholds out of range.
        ShapeError: on update, if class_id is given for predictions without classes.

    Example:
        >>> Recall()([0, 1, 1, 1], [1, 0, 1, 1])    # 0.6666667
    """

    _error = "false_negatives"

    @property
    def false_negatives(self) -> Any:
        """The weight of missed positives at each threshold."""
        return self._errors
