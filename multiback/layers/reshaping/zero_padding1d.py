"""Zeros around sequences."""

from __future__ import annotations

from typing import Any

from multiback.layers._registry import REGISTRY
from multiback.layers.reshaping._base import ZeroPadding


@REGISTRY.register()
class ZeroPadding1D(ZeroPadding):
    """Zeros before and after the elements of sequences.

    Arguments:
        padding: How many: an integer or a pair (before, after).
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.

    Input shape: (batch, steps, channels), or (batch, channels, steps).
    Output shape: the same, larger by the padding.

    Raises:
        ArgumentError: for negative or malformed padding.
        ShapeError: for inputs of another rank.

    Example:
        >>> ZeroPadding1D(2)(numpy.ones((2, 8, 3))).shape
        (2, 12, 3)
    """

    rank = 1

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)
