"""Global max pooling of sequences."""

from __future__ import annotations

from typing import Any

from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.pooling._base import GlobalMaxPooling


@REGISTRY.register("GlobalMaxPool1D")
class GlobalMaxPooling1D(GlobalMaxPooling):
    """The largest element of each channel of sequences.

    Arguments:
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.
        keepdims: Whether the spatial axes stay, with size 1.

    Input shape: (batch, steps, channels), or (batch, channels, steps). Output shape: (batch, channels).

    Raises:
        ShapeError: for inputs of another rank.

    Example:
        >>> GlobalMaxPooling1D()(numpy.ones((2, 8, 3))).shape
        (2, 3)
    """

    rank = 1

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**given(locals()))
