"""The base of SpatialDropout1D, 2D and 3D."""

from __future__ import annotations

from typing import Any, ClassVar

from multiback import ops
from multiback.config import standardize_data_format
from multiback.layers._arguments import within
from multiback.layers._input_spec import InputSpec
from multiback.layers.regularization._base import RandomLayer


class SpatialDropout(RandomLayer):
    """Dropout with one draw for each sample and channel."""

    rank: ClassVar[int]

    def __init__(self, rate: float, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = within(self, "rate", rate, 0, 1)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def perturbed(self, inputs: Any, key: Any) -> Any:
        ones = (1,) * self.rank
        noise = (None, *ones, None) if self.data_format == "channels_last" else (None, None, *ones)
        return ops.dropout(inputs, key, self.rate, noise_shape=noise)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return config if self.rank == 1 else {**config, "data_format": self.data_format}
