"""Normalization to unit length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback import ops
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class UnitNormalization(Layer):
    """Divides by the Euclidean norm: y = x / max(sqrt(sum x^2), 1e-12).

    Arguments:
        axis: The axis or axes to sum over.

    Example:
        >>> UnitNormalization()(numpy.array([[3.0, 4.0]]))    # 0.6 0.8
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return ops.normalize(inputs, axis=self.axis, order=2, epsilon=1e-12)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
