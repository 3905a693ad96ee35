"""Inputs scaled and shifted by constants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback import config, ops
from multiback.dtypes import as_dtype
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY
from multiback.saving.registry import deserialize, serialize


@REGISTRY.register()
class Rescaling(Layer):
    """Scales and shifts: y = x * scale + offset, in the layer's compute dtype. Integers, such as images, become floats.

    Arguments:
        scale: A number, or an array that broadcasts to the inputs, such as one number per channel.
        offset: As `scale`.

    Example:
        >>> Rescaling(1 / 127.5, offset=-1)(numpy.array([[0, 255]]))    # -1 1
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        scale, offset = self._constant(self.scale), self._constant(self.offset)
        if np.ndim(scale) and config.image_data_format() == "channels_first":
            scale = np.reshape(scale, (*np.shape(scale), *[1] * (3 - np.ndim(scale))))
        return ops.cast(inputs, self.compute_dtype) * scale + offset

    def _constant(self, value: Any) -> Any:
        return value if isinstance(value, int | float) else np.asarray(value, as_dtype(self.compute_dtype).numpy)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": serialize(self.scale), "offset": serialize(self.offset)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        return super().from_config(
            {**config, **{k: deserialize(config[k]) for k in ("scale", "offset") if k in config}}
        )
