"""The base of Conv1D, Conv2D and Conv3D."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ArgumentError, ShapeError
from multiback.layers._arguments import described, positive, resolve, title
from multiback.layers.convolutional._base import ConvolutionLayer


class BaseConv(ConvolutionLayer):
    """Convolution with one kernel (spatial..., channels / groups, filters)."""

    def __init__(
        self,
        *,
        filters: int,
        groups: int,
        kernel_initializer: Any,
        kernel_regularizer: Any,
        kernel_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = positive(self, "filters", filters)
        self.groups = positive(self, "groups", groups)
        if self.filters % self.groups:
            raise ArgumentError(f"{title(self)}: filters must be a multiple of groups={groups}, got {filters}.")
        resolve(
            self,
            kernel_initializer=kernel_initializer,
            kernel_regularizer=kernel_regularizer,
            kernel_constraint=kernel_constraint,
        )

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ShapeError(f"{title(self)} expects channels in a multiple of groups={self.groups}, got {channels}.")
        self.kernel = self._add_kernel("kernel", "kernel", (*self.kernel_size, channels // self.groups, self.filters))
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        windows: dict[str, Any] = self._windows
        if self.padding == "causal":
            windows["padding"] = ((self.dilation_rate[0] * (self.kernel_size[0] - 1), 0),)
        return self.activation(ops.conv(inputs, self.kernel, **windows, bias=self.bias, groups=self.groups))

    def get_config(self) -> dict[str, Any]:
        names = ("filters", "groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")
        return {**super().get_config(), **described(self, *names)}
