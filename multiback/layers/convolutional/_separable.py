"""The base of SeparableConv1D and SeparableConv2D."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._arguments import described, positive, resolve
from multiback.layers.convolutional._base import ConvolutionLayer


class BaseSeparableConv(ConvolutionLayer):
    """A depthwise convolution followed by a pointwise one, each with its kernel."""

    def __init__(
        self,
        *,
        filters: int,
        depth_multiplier: int,
        depthwise_initializer: Any,
        pointwise_initializer: Any,
        depthwise_regularizer: Any,
        pointwise_regularizer: Any,
        depthwise_constraint: Any,
        pointwise_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = positive(self, "filters", filters)
        self.depth_multiplier = positive(self, "depth_multiplier", depth_multiplier)
        resolve(
            self,
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
        )

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        depthwise = (*self.kernel_size, channels, self.depth_multiplier)
        pointwise = (*[1] * self.rank, channels * self.depth_multiplier, self.filters)
        self.depthwise_kernel = self._add_kernel("depthwise_kernel", "depthwise", depthwise)
        self.pointwise_kernel = self._add_kernel("pointwise_kernel", "pointwise", pointwise)
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        outputs = ops.separable_conv(inputs, self.depthwise_kernel, self.pointwise_kernel, **self._windows)
        return self._finished(outputs)

    def get_config(self) -> dict[str, Any]:
        kinds = ("depthwise", "pointwise")
        names = [f"{k}_{what}" for k in kinds for what in ("initializer", "regularizer", "constraint")]
        return {**super().get_config(), **described(self, "filters", "depth_multiplier", *names)}
