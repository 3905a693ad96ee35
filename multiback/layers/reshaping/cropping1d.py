"""Sequences without their margins."""

from __future__ import annotations

from typing import Any

from multiback.layers._registry import REGISTRY
from multiback.layers.reshaping._base import Cropping


@REGISTRY.register()
class Cropping1D(Cropping):
    """Sequences without the elements at both ends of each axis.

    Arguments:
        cropping: How many to remove: an integer or a pair (before, after).

    Input shape: (batch, steps, channels).
    Output shape: the same, smaller by the cropping.

    Raises:
        ArgumentError: for negative or malformed cropping.
        ShapeError: for inputs of another rank, or of which nothing would be left.

    Example:
        >>> Cropping1D()(numpy.ones((2, 8, 3))).shape
        (2, 6, 3)
    """

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)
