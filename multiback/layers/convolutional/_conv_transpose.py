"""The base of Conv1DTranspose, Conv2DTranspose and Conv3DTranspose."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.layers._arguments import described, per_axis, positive, resolve, title
from multiback.layers.convolutional._base import ConvolutionLayer


class BaseConvTranspose(ConvolutionLayer):
    """Transposed convolution with one kernel (spatial..., filters, channels)."""

    def __init__(
        self,
        *,
        filters: int,
        output_padding: Any,
        kernel_initializer: Any,
        kernel_regularizer: Any,
        kernel_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = positive(self, "filters", filters)
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = per_axis(self, "output_padding", output_padding, self.rank, least=0)
            if any(extra >= stride for extra, stride in zip(self.output_padding, self.strides)):
                raise ArgumentError(
                    f"{title(self)}: output_padding must be less than strides={self.strides}, got {output_padding!r}."
                )
        resolve(
            self,
            kernel_initializer=kernel_initializer,
            kernel_regularizer=kernel_regularizer,
            kernel_constraint=kernel_constraint,
        )

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        self.kernel = self._add_kernel("kernel", "kernel", (*self.kernel_size, self.filters, channels))
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        outputs = ops.conv_transpose(inputs, self.kernel, output_padding=self.output_padding, **self._windows)
        return self._finished(outputs)

    def get_config(self) -> dict[str, Any]:
        names = ("filters", "output_padding", "kernel_initializer", "kernel_regularizer", "kernel_constraint")
        return {**super().get_config(), **described(self, *names)}
