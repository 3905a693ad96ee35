"""Precision and recall in one number."""

from __future__ import annotations

from typing import Any

from multiback import config, ops
from multiback.dtypes import DType
from multiback.errors import ArgumentError, ShapeError
from multiback.losses._arrays import as_arrays, shown
from multiback.losses._one_graph import one_graph
from multiback.metrics.metric import Metric
from multiback.metrics.registry import register

_AVERAGES = ("micro", "macro", "weighted", None)


@register()
class FBetaScore(Metric):
    """F-beta score: (1 + beta^2) precision recall / (beta^2 precision + recall), for each class.

    `config.epsilon()` is added to each divisor, those of precision and recall included.

    Arguments:
        average: None: one score per class; "macro": their mean; "weighted": their mean weighted by the number of
            targets; "micro": the score of all classes counted together.
        beta: Weight of recall against precision.
        threshold: Predictions above it are positive; None: the largest of each sample is.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for an unknown average, beta not above 0, or a threshold not in (0, 1].
        ShapeError: on update, if targets and predictions are not of shape (n, classes).

    Source: van Rijsbergen 1979, Information retrieval.

    Example:
        >>> FBetaScore(beta=2.0, threshold=0.5)([[1, 1], [0, 1]], [[0.2, 0.6], [0.6, 0.8]])    # 0 1
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in _AVERAGES:
            raise ArgumentError(f"Unknown average {average!r}. Known: {', '.join(map(repr, _AVERAGES))}.")
        if not isinstance(beta, float) or not beta > 0:
            raise ArgumentError(f"beta must be a float above 0, got {beta!r}.")
        if threshold is not None and (not isinstance(threshold, float) or not 0 < threshold <= 1):
            raise ArgumentError(f"threshold must be a float above 0 and at most 1, got {threshold!r}.")
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._built = False

    def _build(self, y_true: Any, y_pred: Any) -> None:
        if len(y_true.shape) != 2 or len(y_pred.shape) != 2:
            raise ShapeError(
                f"{self.name} expects targets and predictions of shape (n, classes), "
                f"got {shown(y_true.shape)} and {shown(y_pred.shape)}."
            )
        shape = () if self.average == "micro" else (y_pred.shape[1],)
        self.true_positives = self.add_variable(shape, name="true_positives")
        self.false_positives = self.add_variable(shape, name="false_positives")
        self.false_negatives = self.add_variable(shape, name="false_negatives")
        self.intermediate_weights = self.add_variable(shape, name="intermediate_weights")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch of targets and predictions of shape (n, classes) into account."""
        y_true, y_pred, weight = as_arrays(y_true, y_pred, sample_weight)
        if not self._built:
            self._build(y_true, y_pred)
        axis = None if self.average == "micro" else 0
        for variable, value in zip(self._counts(), _sums(y_true, y_pred, weight, self.threshold, axis, self.dtype)):
            variable.assign_add(value)

    def _counts(self) -> tuple[Any, ...]:
        return self.true_positives, self.false_positives, self.false_negatives, self.intermediate_weights

    def result(self) -> Any:
        if not self._built:
            return ops.zeros((), self.dtype)
        tp, fp, fn, weights = (v.value for v in self._counts())
        return _score(tp, fp, fn, weights, self.beta, self.average)

    def get_config(self) -> dict[str, Any]:
        own = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **own}


@one_graph
def _sums(y_true: Any, y_pred: Any, weight: Any, threshold: float | None, axis: int | None, dtype: DType) -> list[Any]:
    y_true, y_pred, weight = as_arrays(y_true, y_pred, weight, dtype=dtype)
    if threshold is None:
        largest = ops.greater_equal(y_pred, ops.max(y_pred, axis=-1, keepdims=True))
        found = ops.logical_and(largest, ops.greater(ops.abs(y_pred), 1e-9))
    else:
        found = ops.greater(y_pred, threshold)
    found = ops.cast(found, dtype)
    counts = [found * y_true, found * (1.0 - y_true), (1.0 - found) * y_true, y_true]
    if weight is not None:
        counts = [count * ops.expand_dims(weight, 1) for count in counts]
    return [ops.sum(count, axis=axis) for count in counts]


@one_graph
def _score(tp: Any, fp: Any, fn: Any, weights: Any, beta: float, average: str | None) -> Any:
    small, square = config.epsilon(), beta**2
    precision, recall = tp / (tp + fp + small), tp / (tp + fn + small)
    score = precision * recall / (precision * square + recall + small) * (1.0 + square)
    if average == "weighted":
        return ops.sum(score * (weights / (ops.sum(weights) + small)))
    return score if average is None else ops.mean(score)


@register()
class F1Score(FBetaScore):
    """F1 score: 2 precision recall / (precision + recall), for each class.

    Arguments:
        average, threshold: As for `FBetaScore`.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for an unknown average, or a threshold not in (0, 1].
        ShapeError: on update, if targets and predictions are not of shape (n, classes).

    Example:
        >>> F1Score(threshold=0.5)([[1, 1], [0, 1]], [[0.2, 0.6], [0.6, 0.8]])    # 0 1
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["beta"]
        return config
