"""All axes but the batch as one."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.config import standardize_data_format
from multiback.layers._input_spec import InputSpec
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY


@REGISTRY.register()
class Flatten(Layer):
    """All axes but the batch as one, in row-major order; with channels_first, as if the channels came last.

    Arguments:
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.

    Input shape: (batch, ...). Output shape: (batch, product of the others).

    Example:
        >>> Flatten()(numpy.ones((2, 3, 4))).shape
        (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        rank = len(inputs.shape)
        if self.data_format == "channels_first" and rank > 2:
            inputs = ops.transpose(inputs, (0, *range(2, rank), 1))
        return ops.reshape(inputs, (inputs.shape[0], -1))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}
