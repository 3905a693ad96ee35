"""Volumes enlarged by repetition."""

from __future__ import annotations

from typing import Any

from multiback.layers._registry import REGISTRY
from multiback.layers.reshaping._base import UpSampling


@REGISTRY.register()
class UpSampling3D(UpSampling):
    """Volumes with every element repeated along each axis.

    Arguments:
        size: How often: an integer, or one per axis.
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.

    Input shape: (batch, depth, rows, columns, channels), or (batch, channels, depth, rows, columns).
    Output shape: the same, larger by these factors.

    Raises:
        ArgumentError: for sizes that are not positive integers.
        ShapeError: for inputs of another rank.

    Example:
        >>> UpSampling3D()(numpy.ones((2, 8, 8, 8, 3))).shape
        (2, 16, 16, 16, 3)
    """

    rank = 3

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(size, data_format, **kwargs)
