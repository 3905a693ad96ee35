"""Losses as metrics: the mean over all samples seen."""

from __future__ import annotations

from typing import Any

from multiback.losses.binary_crossentropy import binary_crossentropy
from multiback.losses.categorical_crossentropy import categorical_crossentropy
from multiback.losses.categorical_hinge import categorical_hinge
from multiback.losses.cosine_similarity import cosine
from multiback.losses.hinge import hinge
from multiback.losses.kl_divergence import kl_divergence
from multiback.losses.log_cosh import log_cosh
from multiback.losses.mean_absolute_error import mean_absolute_error
from multiback.losses.mean_absolute_percentage_error import mean_absolute_percentage_error
from multiback.losses.mean_squared_error import mean_squared_error
from multiback.losses.mean_squared_logarithmic_error import mean_squared_logarithmic_error
from multiback.losses.poisson import poisson
from multiback.losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy
from multiback.losses.squared_hinge import squared_hinge
from multiback.metrics.function_metric import FunctionMetric
from multiback.metrics.registry import register


@register("mse", "MSE")
class MeanSquaredError(FunctionMetric):
    """The mean squared error: mean((y_true - y_pred)^2).

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> float(MeanSquaredError()([[0.0, 1.0]], [[1.0, 3.0]]))
        2.5
    """

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name, dtype)


@register("mae", "MAE")
class MeanAbsoluteError(FunctionMetric):
    """The mean absolute error: mean(|y_true - y_pred|).

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> float(MeanAbsoluteError()([[0.0, 1.0]], [[1.0, 3.0]]))
        1.5
    """

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, name, dtype)


@register("mape", "MAPE")
class MeanAbsolutePercentageError(FunctionMetric):
    """The mean absolute error in percent of the target.

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 5.0]]))
        37.5
    """

    def __init__(self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_percentage_error, name, dtype)


@register("msle", "MSLE")
class MeanSquaredLogarithmicError(FunctionMetric):
    """The mean squared difference of log(1 + y).

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> MeanSquaredLogarithmicError()([[0.0, 1.0]], [[1.0, 1.0]])    # 0.2402265
    """

    def __init__(self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_logarithmic_error, name, dtype)


@register()
class LogCoshError(FunctionMetric):
    """The mean logarithm of the hyperbolic cosine of the error.

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> LogCoshError()([[0.0, 1.0]], [[0.0, 0.0]])    # 0.21689041
    """

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, name, dtype)


@register()
class KLDivergence(FunctionMetric):
    """The mean Kullback-Leibler divergence of targets and predictions.

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])    # 0.14384103
    """

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(kl_divergence, name, dtype)


@register()
class Poisson(FunctionMetric):
    """The mean Poisson loss: mean(y_pred - y_true * log(y_pred)).

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> Poisson()([[0.0, 1.0]], [[1.0, 2.0]])    # 1.1534264
    """

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(poisson, name, dtype)


@register()
class Hinge(FunctionMetric):
    """The mean hinge loss: mean(max(1 - y_true * y_pred, 0)).

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> float(Hinge()([[-1.0, 1.0]], [[0.5, 2.0]]))
        0.75
    """

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name, dtype)


@register()
class SquaredHinge(FunctionMetric):
    """The mean squared hinge loss: mean(max(1 - y_true * y_pred, 0)^2).

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> float(SquaredHinge()([[-1.0, 1.0]], [[0.5, 2.0]]))
        1.125
    """

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name, dtype)


@register()
class CategoricalHinge(FunctionMetric):
    """The mean categorical hinge loss.

    Arguments:
        name, dtype: As for `Metric`.

    Example:
        >>> CategoricalHinge()([[0.0, 1.0]], [[0.6, 0.4]])    # 1.2
    """

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name, dtype)


@register()
class CosineSimilarity(FunctionMetric):
    """The mean cosine of the angle between target and prediction.

    Arguments:
        name, dtype: As for `Metric`.
        axis: Along which the vectors lie.

    Example:
        >>> CosineSimilarity()([[0.0, 1.0]], [[1.0, 1.0]])    # 0.70710678
    """

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine, name, dtype, axis=axis)


@register("bce", "BCE")
class BinaryCrossentropy(FunctionMetric):
    """The mean binary cross-entropy.

    Arguments:
        name, dtype: As for `Metric`.
        from_logits: Whether predictions are logits instead of probabilities.
        label_smoothing: Moves targets toward 1/2.

    Example:
        >>> BinaryCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])    # 0.6931472
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(binary_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


@register()
class CategoricalCrossentropy(FunctionMetric):
    """The mean categorical cross-entropy.

    Arguments:
        name, dtype: As for `Metric`.
        from_logits: Whether predictions are logits instead of probabilities.
        label_smoothing: Moves targets toward the uniform distribution.
        axis: Of the classes.

    Example:
        >>> CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])    # 0.6931472
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            categorical_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis
        )


@register()
class SparseCategoricalCrossentropy(FunctionMetric):
    """The mean sparse categorical cross-entropy.

    Arguments:
        name, dtype: As for `Metric`.
        from_logits: Whether predictions are logits instead of probabilities.
        ignore_class: A class number whose samples count 0, and have no weight where weights are given.
        axis: Of the classes.

    Example:
        >>> SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])    # 0.6931472
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy, name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis
        )
