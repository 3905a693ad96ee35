"""Images enlarged."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ShapeError
from multiback.layers._arguments import choice, title
from multiback.layers._interpolation import METHODS, resized
from multiback.layers._registry import REGISTRY
from multiback.layers.reshaping._base import UpSampling


@REGISTRY.register()
class UpSampling2D(UpSampling):
    """Images enlarged along both axes.

    Arguments:
        size: How often: an integer, or one per axis.
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.
        interpolation: "nearest": pixels are repeated; "bilinear" or "bicubic": by the positions of their centres.

    Input shape: (batch, rows, columns, channels), or (batch, channels, rows, columns).
    Output shape: the same, larger by these factors.

    Raises:
        ArgumentError: for sizes that are not positive integers, or another interpolation.
        ShapeError: for inputs of another rank; with an interpolation, for sizes that are not known.

    Example:
        >>> UpSampling2D()(numpy.ones((2, 8, 8, 3))).shape
        (2, 16, 16, 3)
    """

    rank = 2

    def __init__(
        self, size: Any = (2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any
    ) -> None:
        super().__init__(size, data_format, **kwargs)
        self.interpolation = choice(self, "interpolation", interpolation, METHODS)

    def call(self, inputs: Any) -> Any:
        if self.interpolation == "nearest":
            return super().call(inputs)
        x = ops.cast(inputs, self.compute_dtype)
        axes = (self._first, self._first + 1)
        for axis in axes:
            if not isinstance(x.shape[axis], int):
                raise ShapeError(f"{title(self)} interpolates images whose size is not known. Fix it in the Input.")
        return resized(x, axes, [x.shape[a] * n for a, n in zip(axes, self._sizes)], self.interpolation)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "interpolation": self.interpolation}
