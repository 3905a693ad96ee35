"""The bases of pooling layers."""

from __future__ import annotations

from typing import Any, ClassVar

from multiback import ops
from multiback.config import standardize_data_format
from multiback.layers._arguments import choice, described, per_axis
from multiback.layers._input_spec import InputSpec
from multiback.layers._layer import Layer


class PoolingLayer(Layer):
    """Reduces windows over `rank` spatial axes with the op `pool`."""

    rank: ClassVar[int]
    pool: ClassVar[Any]

    def __init__(
        self, *, pool_size: Any, strides: Any, padding: str, data_format: str | None, name: str | None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.pool_size = per_axis(self, "pool_size", pool_size, self.rank)
        self.strides = self.pool_size if strides is None else per_axis(self, "strides", strides, self.rank)
        self.padding = choice(self, "padding", padding, ("valid", "same"))
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        return type(self).pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **described(self, "pool_size", "padding", "strides", "data_format")}


class MaxPooling(PoolingLayer):
    """The largest element of each window."""

    pool = staticmethod(ops.max_pool)


class AveragePooling(PoolingLayer):
    """The mean of each window."""

    pool = staticmethod(ops.average_pool)


class GlobalPooling(Layer):
    """Reduces all `rank` spatial axes with the op `reduce`."""

    rank: ClassVar[int]
    reduce: ClassVar[Any]

    def __init__(self, *, data_format: str | None, keepdims: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _spatial_axes(self) -> tuple[int, ...]:
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))

    def call(self, inputs: Any) -> Any:
        return type(self).reduce(inputs, axis=self._spatial_axes, keepdims=self.keepdims)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **described(self, "data_format", "keepdims")}


class GlobalMaxPooling(GlobalPooling):
    """The largest element of each channel."""

    reduce = staticmethod(ops.max)


class GlobalAveragePooling(GlobalPooling):
    """The mean of each channel."""

    reduce = staticmethod(ops.mean)
