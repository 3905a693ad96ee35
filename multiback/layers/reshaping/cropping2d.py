"""Images without their margins."""

from __future__ import annotations

from typing import Any

from multiback.layers._registry import REGISTRY
from multiback.layers.reshaping._base import Cropping


@REGISTRY.register()
class Cropping2D(Cropping):
    """Images without the elements at both ends of each axis.

    Arguments:
        cropping: How many to remove: an integer, one per axis, or a pair (before, after) per axis.
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.

    Input shape: (batch, rows, columns, channels), or (batch, channels, rows, columns).
    Output shape: the same, smaller by the cropping.

    Raises:
        ArgumentError: for negative or malformed cropping.
        ShapeError: for inputs of another rank, or of which nothing would be left.

    Example:
        >>> Cropping2D(1)(numpy.ones((2, 8, 8, 3))).shape
        (2, 6, 6, 3)
    """

    rank = 2

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)
