"""Channels of sequences set to zero at random."""

from __future__ import annotations

from typing import Any

from multiback.layers._registry import REGISTRY
from multiback.layers.regularization._spatial import SpatialDropout


@REGISTRY.register()
class SpatialDropout1D(SpatialDropout):
    """Sets whole channels of sequences to zero in training, and scales the others by 1 / (1 - rate).

    Arguments:
        rate: Fraction of the channels that is dropped, 0 to 1.
        seed: Default: the global seed.
        name, dtype: See `Layer`.

    Input and output shape: (batch, steps, channels).

    Raises:
        ArgumentError: for a rate outside 0 to 1.
        ShapeError: for inputs of another rank.

    Source: Tompson et al. 2015, Efficient object localization using convolutional networks.

    Example:
        >>> SpatialDropout1D(0.5)(numpy.ones((2, 8, 3)), training=True).shape
        (2, 8, 3)
    """

    rank = 1

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(rate, "channels_last", seed=seed, name=name, dtype=dtype, **kwargs)
