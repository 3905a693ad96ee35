"""Rectified linear unit as a layer."""

from __future__ import annotations

from typing import Any

from multiback import activations
from multiback.layers._arguments import described, within
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class ReLU(Layer):
    """Rectified linear unit: min(x, max_value) above the threshold, else negative_slope * (x - threshold).

    Arguments:
        max_value: Ceiling; None for none.
        negative_slope: Slope below the threshold.
        threshold: Where it starts.

    Raises:
        ArgumentError: for a negative argument.

    Source: Nair and Hinton 2010, Rectified linear units improve restricted Boltzmann machines.

    Example:
        >>> ReLU(max_value=6)(numpy.array([[-1.0, 2.0, 8.0]]))    # 0 2 6
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        infinity = float("inf")
        self.max_value = max_value if max_value is None else within(self, "max_value", max_value, 0, infinity)
        self.negative_slope = within(self, "negative_slope", negative_slope, 0, infinity)
        self.threshold = within(self, "threshold", threshold, 0, infinity)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **described(self, "max_value", "negative_slope", "threshold")}
