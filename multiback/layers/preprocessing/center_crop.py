"""The middle of images."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ShapeError
from multiback.layers._arguments import title
from multiback.layers._registry import REGISTRY
from multiback.layers.preprocessing.resizing import Resizing


@REGISTRY.register()
class CenterCrop(Resizing):
    """The middle part of images; images that are smaller are cut to its ratio and enlarged.

    Arguments:
        height, width: Of the output.
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.

    Input shape: (batch, rows, columns, channels), or (batch, channels, rows, columns), or without the batch.

    Raises:
        ArgumentError: for sizes that are not positive.
        ShapeError: for images of another rank, or whose size is not known.

    Example:
        >>> CenterCrop(4, 6)(numpy.ones((2, 8, 8, 3))).shape
        (2, 4, 6, 3)
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(height, width, crop_to_aspect_ratio=True, data_format=data_format, **kwargs)

    def call(self, inputs: Any) -> Any:
        first = len(inputs.shape) - (3 if self.data_format == "channels_last" else 2)
        sizes = inputs.shape[first : first + 2]
        if not all(isinstance(n, int) for n in sizes):
            raise ShapeError(f"{title(self)} crops images whose size is not known. Fix it in the Input.")
        if sizes[0] < self.height or sizes[1] < self.width:
            return super().call(inputs)
        starts = [(n - m) // 2 for n, m in zip(sizes, (self.height, self.width))]
        kept = [slice(s, s + m) for s, m in zip(starts, (self.height, self.width))]
        return ops.cast(inputs, self.compute_dtype)[(*[slice(None)] * first, *kept)]

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        ours = ("interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "fill_mode", "fill_value", "antialias")
        return {k: v for k, v in config.items() if k not in ours}
