"""Sequences enlarged by repetition."""

from __future__ import annotations

from typing import Any

from multiback.layers._registry import REGISTRY
from multiback.layers.reshaping._base import UpSampling


@REGISTRY.register()
class UpSampling1D(UpSampling):
    """Sequences with every element repeated along each axis.

    Arguments:
        size: How often.

    Input shape: (batch, steps, channels).
    Output shape: the same, larger by these factors.

    Raises:
        ArgumentError: for sizes that are not positive integers.
        ShapeError: for inputs of another rank.

    Example:
        >>> UpSampling1D()(numpy.ones((2, 8, 3))).shape
        (2, 16, 3)
    """

    rank = 1

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(size, "channels_last", **kwargs)
