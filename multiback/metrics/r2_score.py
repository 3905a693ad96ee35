"""How much of the variance is explained."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.dtypes import DType
from multiback.errors import ArgumentError, ShapeError
from multiback.graph.dims import product
from multiback.losses._arrays import as_arrays, same_rank, shown
from multiback.losses._one_graph import one_graph
from multiback.metrics.metric import Metric
from multiback.metrics.registry import register
from multiback.ops.creation import number

_AGGREGATIONS = ("uniform_average", "variance_weighted_average", None)


@register()
class R2Score(Metric):
    """Coefficient of determination: 1 - sum((y - p)^2) / sum((y - mean(y))^2) for each output; 0 where y is constant.

    Arguments:
        class_aggregation: "uniform_average": the mean over outputs; "variance_weighted_average": weighted by their
            variances; None: one score per output.
        num_regressors: With p > 0, the adjusted score 1 - (1 - r2)(n - 1) / (n - p - 1), n the number of targets seen;
            the plain one while n <= p + 1.
        name, dtype: As for `Metric`.

    Raises:
        ArgumentError: for an unknown aggregation, or a negative number of regressors.
        ShapeError: on update, if targets and predictions are not of shape (n, outputs).

    Example:
        >>> R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])    # 0.57142854
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in _AGGREGATIONS:
            known = ", ".join(map(repr, _AGGREGATIONS))
            raise ArgumentError(f"Unknown class_aggregation {class_aggregation!r}. Known: {known}.")
        if num_regressors < 0:
            raise ArgumentError(f"num_regressors must be at least 0, got {num_regressors}.")
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable(name="num_samples")
        self._built = False

    def _build(self, y_true: Any, y_pred: Any) -> None:
        if len(y_true.shape) != 2 or len(y_pred.shape) != 2:
            raise ShapeError(
                f"{self.name} expects targets and predictions of shape (n, outputs), "
                f"got {shown(y_true.shape)} and {shown(y_pred.shape)}."
            )
        shape = (y_pred.shape[1],)
        self.squared_sum = self.add_variable(shape, name="squared_sum")
        self.sum = self.add_variable(shape, name="sum")
        self.total_mse = self.add_variable(shape, name="residual")
        self.count = self.add_variable(shape, name="count")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch of targets and predictions of shape (n, outputs) into account."""
        y_true, y_pred, weight = as_arrays(y_true, y_pred, sample_weight)
        y_true, y_pred = same_rank(y_true, y_pred)
        if not self._built:
            self._build(y_true, y_pred)
        sums = _sums(y_true, y_pred, weight, self.dtype)
        for variable, value in zip((self.sum, self.squared_sum, self.total_mse, self.count), sums):
            variable.assign_add(value)
        self.num_samples.assign_add(number(product(y_true.shape)))

    def result(self) -> Any:
        if not self._built:
            return ops.zeros((), self.dtype)
        state = (self.sum, self.squared_sum, self.total_mse, self.count, self.num_samples)
        total, squares, error, count, seen = (v.value for v in state)
        return _score(total, squares, error, count, seen, self.class_aggregation, self.num_regressors)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }


@one_graph
def _sums(y_true: Any, y_pred: Any, weight: Any, dtype: DType) -> list[Any]:
    y_true, y_pred, weight = as_arrays(y_true, y_pred, weight, dtype=dtype)
    weight = ops.ones_like(y_true) if weight is None else weight
    weight = ops.expand_dims(weight, 1) if len(weight.shape) == 1 else weight
    weight = ops.broadcast_to(weight, y_true.shape)
    weighted = y_true * weight
    error = ops.square(y_true - y_pred) * weight
    return [ops.sum(x, axis=0) for x in (weighted, y_true * weighted, error, weight)]


@one_graph
def _score(
    total: Any, squares: Any, error: Any, count: Any, seen: Any, aggregation: str | None, regressors: int
) -> Any:
    variance = squares - total * ops.divide_no_nan(total, count)
    constant = ops.equal(variance, 0.0)
    score = ops.where(constant, 0.0, 1.0 - error / ops.where(constant, 1.0, variance))
    if aggregation == "uniform_average":
        score = ops.mean(score)
    elif aggregation == "variance_weighted_average":
        score = ops.divide_no_nan(ops.sum(variance * score), ops.sum(variance))
    if not regressors:
        return score
    spare = seen - (regressors + 1.0)
    adjusted = 1.0 - (1.0 - score) * (seen - 1.0) / ops.maximum(spare, 1.0)
    return ops.where(ops.greater(spare, 0.0), adjusted, score)
