"""Images of another size."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.config import standardize_data_format
from multiback.errors import ArgumentError, ShapeError
from multiback.layers import _interpolation
from multiback.layers._arguments import choice, described, positive, title
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class Resizing(Layer):
    """Images brought to a fixed size, in the layer's compute dtype.

    Arguments:
        height, width: Of the output.
        interpolation: "nearest", "bilinear" or "bicubic", by the positions of the pixels' centres.
        crop_to_aspect_ratio: Whether to cut off what would change the ratio of height and width, from both ends.
        pad_to_aspect_ratio: Whether to add `fill_value` at both ends for the same reason.
        fill_mode: "constant".
        fill_value: What is added.
        antialias: False.
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.

    Input shape: (batch, rows, columns, channels), or (batch, channels, rows, columns), or without the batch.

    Raises:
        ArgumentError: for sizes that are not positive, or another interpolation.
        ShapeError: for images of another rank, or whose size is not known.

    Example:
        >>> Resizing(4, 6)(numpy.ones((2, 8, 8, 3))).shape
        (2, 4, 6, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.height = positive(self, "height", height)
        self.width = positive(self, "width", width)
        self.interpolation = choice(self, "interpolation", interpolation, _interpolation.METHODS)
        self.fill_mode = choice(self, "fill_mode", fill_mode, ("constant",))
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ArgumentError(f"{title(self)}: crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other.")
        if antialias:
            raise ArgumentError(f"{title(self)}: antialias=True is not supported.")
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_value = fill_value
        self.antialias = False
        self.data_format = standardize_data_format(data_format)

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, self.compute_dtype)
        if x.ndim not in (3, 4):
            raise ShapeError(f"{title(self)} takes one image or a batch of images, got rank {x.ndim}.")
        first = x.ndim - (3 if self.data_format == "channels_last" else 2)
        if self.crop_to_aspect_ratio or self.pad_to_aspect_ratio:
            x = self._in_ratio(x, first)
        return _interpolation.resized(x, (first, first + 1), (self.height, self.width), self.interpolation)

    def _in_ratio(self, x: Any, first: int) -> Any:
        rows, columns = x.shape[first : first + 2]
        if not isinstance(rows, int) or not isinstance(columns, int):
            raise ShapeError(f"{title(self)} keeps the ratio of images whose size is not known. Fix it in the Input.")
        wanted = int(float(columns * self.height) / self.width), int(float(rows * self.width) / self.height)
        if self.crop_to_aspect_ratio:
            kept = [max(min(n, w), 1) for n, w in zip((rows, columns), wanted)]
            starts = [(n - k) // 2 for n, k in zip((rows, columns), kept)]
            return x[(*[slice(None)] * first, *(slice(s, s + k) for s, k in zip(starts, kept)))]
        added = [(max(n, w) - n) // 2 for n, w in zip((rows, columns), wanted)]
        widths = [(0, 0)] * x.ndim
        widths[first : first + 2] = [(n, n) for n in added]
        return ops.pad(x, tuple(widths), constant_values=self.fill_value)

    def get_config(self) -> dict[str, Any]:
        names = (
            "height", "width", "interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "fill_mode",
            "fill_value", "antialias", "data_format",
        )  # fmt: skip
        return {**super().get_config(), **described(self, *names)}
