"""A residual branch added with a fixed factor."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY
from multiback.saving.registry import file_under


@file_under("keras.src.applications.inception_resnet_v2")
@REGISTRY.register()
class CustomScaleLayer(Layer):
    """The first of two inputs plus a multiple of the second: y = a + scale * b, as in Keras's InceptionResNetV2.

    Arguments:
        scale: The factor.

    Called on a list of two arrays of one shape.

    Example:
        >>> CustomScaleLayer(0.5)([numpy.ones((2, 3)), numpy.ones((2, 3))]).tolist()[0]
        [1.5, 1.5, 1.5]
    """

    def __init__(self, scale: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        return ops.add(inputs[0], ops.multiply(inputs[1], self.scale))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}
