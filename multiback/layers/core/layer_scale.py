"""Channels scaled by learned factors."""

from __future__ import annotations

from typing import Any

from multiback import initializers, ops
from multiback.layers._arguments import positive
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY
from multiback.saving.registry import file_under


@file_under("keras.src.applications.convnext")
@REGISTRY.register()
class LayerScale(Layer):
    """Scales each channel by a learned factor: y = x * gamma. Keras's ConvNeXt is made of it.

    Arguments:
        init_values: What all factors are at first.
        projection_dim: The number of channels.

    Input shape: (..., projection_dim). Output shape: the same.

    Raises:
        ArgumentError: if `projection_dim` is not a positive integer.

    Source: Touvron et al. 2021, Going deeper with Image Transformers.

    Example:
        >>> LayerScale(1e-6, 3)(numpy.ones((2, 3))).shape
        (2, 3)
    """

    def __init__(self, init_values: float, projection_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.init_values = init_values
        self.projection_dim = positive(self, "projection_dim", projection_dim)

    def build(self, input_shape: Any) -> None:
        self.gamma = self.add_weight(
            shape=(self.projection_dim,), initializer=initializers.Constant(self.init_values), name="gamma"
        )

    def call(self, inputs: Any) -> Any:
        return ops.multiply(inputs, self.gamma)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "init_values": self.init_values, "projection_dim": self.projection_dim}
