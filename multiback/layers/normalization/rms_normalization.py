"""Normalization by the root of the mean square."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.layers._arguments import described
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY
from multiback.layers.normalization._base import positions, widened


@REGISTRY.register()
class RMSNormalization(Layer):
    """Normalizes by the root mean square over an axis: y = scale * x / sqrt(mean(x^2) + epsilon).

    Arguments:
        axis: The axis or axes to normalize over; the learned scale has their sizes.
        epsilon: Added to the mean square.

    Raises:
        ShapeError: if a size along `axis` is not known.

    Source: Zhang and Sennrich 2019, Root mean square layer normalization.

    Example:
        >>> RMSNormalization()(numpy.ones((2, 3))).shape
        (2, 3)
    """

    def __init__(self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        self._axes = positions(self, self.axis, input_shape)
        self.scale = self.add_weight([input_shape[a] for a in self._axes], "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        x = widened(inputs)
        scale = ops.cast(self.scale, x.dtype)
        return ops.cast(ops.rms_normalization(x, scale, axis=self._axes, epsilon=self.epsilon), inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **described(self, "axis", "epsilon")}
