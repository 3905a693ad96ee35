"""How targets and predictions vary together."""

from __future__ import annotations

from typing import Any

from multiback import config, ops
from multiback.losses._arrays import targets_and_predictions
from multiback.losses._one_graph import of_targets
from multiback.metrics.function_metric import FunctionMetric
from multiback.metrics.registry import FUNCTIONS, register


@FUNCTIONS.register()
@of_targets
def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Pearson's correlation: cov(y_true, y_pred) / (std(y_true) std(y_pred)) along `axis`.

    Arguments:
        y_true, y_pred: Arrays of one shape.
        axis: Along which they vary.

    Returns:
        The shape without `axis`; NaN where one of them is constant.

    Source: Pearson 1895, Notes on regression and inheritance in the case of two parents.

    Example:
        >>> pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]])    # 1
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "pearson_correlation")
    y_true, y_pred = _centred(y_true, axis), _centred(y_pred, axis)
    spread = ops.sqrt(_mean_square(y_true, axis)) * ops.sqrt(_mean_square(y_pred, axis))
    return ops.mean(y_true * y_pred, axis=axis) / spread


@FUNCTIONS.register()
@of_targets
def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Lin's concordance: 2 cov(t, p) / (var(t) + var(p) + (mean(t) - mean(p))^2 + epsilon) along `axis`.

    Arguments:
        y_true, y_pred: Arrays t and p of one shape.
        axis: Along which they vary.

    Returns:
        The shape without `axis`.

    Source: Lin 1989, A concordance correlation coefficient to evaluate reproducibility.

    Example:
        >>> concordance_correlation([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]])    # 1
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred, "concordance_correlation")
    shift = ops.mean(y_true, axis=axis) - ops.mean(y_pred, axis=axis)
    y_true, y_pred = _centred(y_true, axis), _centred(y_pred, axis)
    covariance = ops.mean(y_true * y_pred, axis=axis)
    scale = _mean_square(y_true, axis) + _mean_square(y_pred, axis) + ops.square(shift)
    return covariance * 2.0 / (scale + config.epsilon())


def _centred(x: Any, axis: int) -> Any:
    return x - ops.mean(x, axis=axis, keepdims=True)


def _mean_square(x: Any, axis: int) -> Any:
    return ops.mean(ops.square(x), axis=axis)


@register()
class PearsonCorrelation(FunctionMetric):
    """The mean over samples of Pearson's correlation.

    Arguments:
        name, dtype: As for `Metric`.
        axis: Along which targets and predictions of a sample vary.

    Example:
        >>> PearsonCorrelation()([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]])    # 1
    """

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)


@register()
class ConcordanceCorrelation(FunctionMetric):
    """The mean over samples of Lin's concordance correlation.

    Arguments:
        name, dtype: As for `Metric`.
        axis: Along which targets and predictions of a sample vary.

    Example:
        >>> ConcordanceCorrelation()([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]])    # 1
    """

    def __init__(self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)
