"""Leaky rectified linear unit as a layer."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._arguments import within
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class LeakyReLU(Layer):
    """Leaky rectified linear unit: x where x > 0, else negative_slope * x.

    Arguments:
        negative_slope: Slope below 0.

    Raises:
        ArgumentError: for a negative slope.

    Source: Maas, Hannun and Ng 2013, Rectifier nonlinearities improve neural network acoustic models.

    Example:
        >>> LeakyReLU(0.1)(numpy.array([[-1.0, 2.0]]))    # -0.1 2
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.negative_slope = within(self, "negative_slope", negative_slope, 0, float("inf"))
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return ops.leaky_relu(inputs, negative_slope=self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative_slope": self.negative_slope}
