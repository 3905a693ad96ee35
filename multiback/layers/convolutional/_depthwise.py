"""The base of DepthwiseConv1D and DepthwiseConv2D."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._arguments import described, positive, resolve
from multiback.layers.convolutional._base import ConvolutionLayer


class BaseDepthwiseConv(ConvolutionLayer):
    """Convolution of every channel on its own, with one kernel (spatial..., channels, depth_multiplier)."""

    def __init__(
        self,
        *,
        depth_multiplier: int,
        depthwise_initializer: Any,
        depthwise_regularizer: Any,
        depthwise_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.depth_multiplier = positive(self, "depth_multiplier", depth_multiplier)
        resolve(
            self,
            depthwise_initializer=depthwise_initializer,
            depthwise_regularizer=depthwise_regularizer,
            depthwise_constraint=depthwise_constraint,
        )

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        self.kernel = self._add_kernel("kernel", "depthwise", (*self.kernel_size, channels, self.depth_multiplier))
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        return self._finished(ops.depthwise_conv(inputs, self.kernel, **self._windows))

    def get_config(self) -> dict[str, Any]:
        names = ("depth_multiplier", "depthwise_initializer", "depthwise_regularizer", "depthwise_constraint")
        return {**super().get_config(), **described(self, *names)}
