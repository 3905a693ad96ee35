"""Exponential linear unit as a layer."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class ELU(Layer):
    """Exponential linear unit: x where x > 0, else alpha * (exp(x) - 1).

    Arguments:
        alpha: How far it goes below 0.

    Source: Clevert et al. 2016, Fast and accurate deep network learning by exponential linear units.

    Example:
        >>> ELU()(numpy.array([[-1.0, 2.0]]))    # -0.63212055 2
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return ops.elu(inputs, alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}
