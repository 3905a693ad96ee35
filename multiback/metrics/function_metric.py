"""Metrics made from functions of targets and predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from multiback.layers._masks import get_mask
from multiback.losses._arrays import as_arrays
from multiback.losses.function_loss import function_config
from multiback.losses.reduction import merge_mask
from multiback.metrics.mean import Mean
from multiback.metrics.registry import register
from multiback.saving import registry


class FunctionMetric(Mean):
    """The mean of a function; its options become attributes and part of the configuration."""

    def __init__(self, fn: Callable[..., Any], name: str | None, dtype: Any, **options: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._options = options
        for key, value in options.items():
            setattr(self, key, value)

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Takes a batch of targets and predictions into account; a mask of the predictions counts as weights."""
        mask = get_mask(y_pred)
        y_true, y_pred, sample_weight = as_arrays(y_true, y_pred, sample_weight)
        values = self._fn(y_true, y_pred, **self._options)
        super().update_state(values, sample_weight=merge_mask(sample_weight, mask, self.dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._options}


@register()
class MeanMetricWrapper(FunctionMetric):
    """The mean of a function of targets and predictions.

    Arguments:
        fn: `fn(y_true, y_pred, **kwargs)` gives one value per sample.
        name, dtype: As for `Metric`; the default name is the function's.
        kwargs: Passed to the function.

    Example:
        >>> MeanMetricWrapper(lambda y_true, y_pred: ops.abs(y_true - y_pred), name="distance")
        <MeanMetricWrapper name=distance>
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(fn, name or getattr(fn, "__name__", None) or getattr(fn, "name", None), dtype, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": function_config(self._fn)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return cls(**{**config, "fn": registry.deserialize(config["fn"])})
