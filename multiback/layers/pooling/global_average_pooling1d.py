"""Global average pooling of sequences."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.pooling._base import GlobalAveragePooling


@REGISTRY.register("GlobalAvgPool1D")
class GlobalAveragePooling1D(GlobalAveragePooling):
    """The mean of each channel of sequences. Masked steps do not count.

    Arguments:
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.
        keepdims: Whether the spatial axes stay, with size 1.

    Input shape: (batch, steps, channels), or (batch, channels, steps). Output shape: (batch, channels).

    Raises:
        ShapeError: for inputs of another rank.

    Example:
        >>> GlobalAveragePooling1D()(numpy.ones((2, 8, 3))).shape
        (2, 3)
    """

    rank = 1

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**given(locals()))
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return super().call(inputs)
        kept = ops.expand_dims(ops.cast(mask, "bool"), 2 if self.data_format == "channels_last" else 1)
        total = ops.sum(ops.where(kept, inputs, 0), axis=self._spatial_axes, keepdims=self.keepdims)
        return total / ops.sum(ops.cast(kept, inputs.dtype), axis=self._spatial_axes, keepdims=self.keepdims)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return None
