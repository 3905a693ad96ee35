"""Average pooling of images."""

from __future__ import annotations

from typing import Any

from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.pooling._base import AveragePooling


@REGISTRY.register("AvgPool2D")
class AveragePooling2D(AveragePooling):
    """The mean of each window of images. Padding does not count.

    Arguments:
        pool_size: Size of the windows: an integer, or one per axis.
        strides: Distance between windows; default `pool_size`.
        padding: "valid" (whole windows) or "same" (ceil(size / strides) outputs).
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.
        name: Of the layer.

    Input shape: (batch, rows, columns, channels), or (batch, channels, rows, columns).
    Output shape: the same with a window in place of each group of elements.

    Raises:
        ArgumentError: for sizes that are not positive.
        ShapeError: for inputs of another rank.

    Example:
        >>> AveragePooling2D(2)(numpy.ones((2, 8, 8, 3))).shape
        (2, 4, 4, 3)
    """

    rank = 2

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals()))
