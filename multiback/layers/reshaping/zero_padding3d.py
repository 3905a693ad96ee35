"""Zeros around volumes."""

from __future__ import annotations

from typing import Any

from multiback.layers._registry import REGISTRY
from multiback.layers.reshaping._base import ZeroPadding


@REGISTRY.register()
class ZeroPadding3D(ZeroPadding):
    """Zeros before and after the elements of volumes.

    Arguments:
        padding: How many: an integer, one per axis, or a pair (before, after) per axis.
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.

    Input shape: (batch, depth, rows, columns, channels), or (batch, channels, depth, rows, columns).
    Output shape: the same, larger by the padding.

    Raises:
        ArgumentError: for negative or malformed padding.
        ShapeError: for inputs of another rank.

    Example:
        >>> ZeroPadding3D(2)(numpy.ones((2, 8, 8, 8, 3))).shape
        (2, 12, 12, 12, 3)
    """

    rank = 3

    def __init__(self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)
