"""Channels of volumes set to zero at random."""

from __future__ import annotations

from typing import Any

from multiback.layers._registry import REGISTRY
from multiback.layers.regularization._spatial import SpatialDropout


@REGISTRY.register()
class SpatialDropout3D(SpatialDropout):
    """Sets whole channels of volumes to zero in training, and scales the others by 1 / (1 - rate).

    Arguments:
        rate: Fraction of the channels that is dropped, 0 to 1.
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.
        seed: Default: the global seed.
        name, dtype: See `Layer`.

    Input and output shape: (batch, depth, rows, columns, channels), or (batch, channels, depth, rows, columns).

    Raises:
        ArgumentError: for a rate outside 0 to 1.
        ShapeError: for inputs of another rank.

    Source: Tompson et al. 2015, Efficient object localization using convolutional networks.

    Example:
        >>> SpatialDropout3D(0.5)(numpy.ones((2, 8, 8, 8, 3)), training=True).shape
        (2, 8, 8, 8, 3)
    """

    rank = 3

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, data_format, seed=seed, name=name, dtype=dtype, **kwargs)
