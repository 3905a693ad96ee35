"""The bases of layers that pad, crop and enlarge spatial axes."""

from __future__ import annotations

from typing import Any, ClassVar

from multiback import ops
from multiback.config import standardize_data_format
from multiback.errors import ShapeError
from multiback.layers._arguments import pairs, per_axis, title
from multiback.layers._input_spec import InputSpec
from multiback.layers._layer import Layer


class SpatialLayer(Layer):
    """A layer on `rank` spatial axes."""

    rank: ClassVar[int]

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _first(self) -> int:
        """The first spatial axis."""
        return 1 if self.data_format == "channels_last" else 2


class ZeroPadding(SpatialLayer):
    """Zeros added at both ends of the spatial axes."""

    def __init__(self, padding: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self._pairs = pairs(self, "padding", padding, self.rank)

    @property
    def padding(self) -> Any:
        """(before, after) of each spatial axis; for one axis, just that pair."""
        return self._pairs if self.rank > 1 else self._pairs[0]

    def call(self, inputs: Any) -> Any:
        widths = [(0, 0)] * (self.rank + 2)
        widths[self._first : self._first + self.rank] = self._pairs
        return ops.pad(inputs, tuple(widths))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding, "data_format": self.data_format}


class Cropping(SpatialLayer):
    """Elements removed from both ends of the spatial axes."""

    def __init__(self, cropping: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self._pairs = pairs(self, "cropping", cropping, self.rank)

    @property
    def cropping(self) -> Any:
        """(before, after) of each spatial axis; for one axis, just that pair."""
        return self._pairs if self.rank > 1 else self._pairs[0]

    def call(self, inputs: Any) -> Any:
        for size, pair in zip(inputs.shape[self._first :], self._pairs):
            if isinstance(size, int) and sum(pair) >= size:
                raise ShapeError(f"{title(self)} removes {sum(pair)} elements of an axis of size {size}; none is left.")
        kept = [slice(before, -after or None) for before, after in self._pairs]
        return inputs[(*[slice(None)] * self._first, *kept)]

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "cropping": self.cropping}
        return config if self.rank == 1 else {**config, "data_format": self.data_format}


class UpSampling(SpatialLayer):
    """Every element repeated along the spatial axes."""

    def __init__(self, size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self._sizes = per_axis(self, "size", size, self.rank)

    @property
    def size(self) -> Any:
        """How often each element is repeated, per axis; for one axis, that number."""
        return self._sizes if self.rank > 1 else self._sizes[0]

    def call(self, inputs: Any) -> Any:
        for axis, times in enumerate(self._sizes, self._first):
            inputs = ops.repeat(inputs, times, axis=axis)
        return inputs

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "size": self.size}
        return config if self.rank == 1 else {**config, "data_format": self.data_format}
