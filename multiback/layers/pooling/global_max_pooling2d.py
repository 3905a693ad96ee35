"""Global max pooling of images."""

from __future__ import annotations

from typing import Any

from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.pooling._base import GlobalMaxPooling


@REGISTRY.register("GlobalMaxPool2D")
class GlobalMaxPooling2D(GlobalMaxPooling):
    """The largest element of each channel of images.

    Arguments:
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.
        keepdims: Whether the spatial axes stay, with size 1.

    Input shape: (batch, rows, columns, channels), or (batch, channels, rows, columns). Output shape: (batch, channels).

    Raises:
        ShapeError: for inputs of another rank.

    Example:
        >>> GlobalMaxPooling2D()(numpy.ones((2, 8, 8, 3))).shape
        (2, 3)
    """

    rank = 2

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**given(locals()))
