"""Separable convolution of sequences."""

from __future__ import annotations

from typing import Any

from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.convolutional._separable import BaseSeparableConv


@REGISTRY.register("SeparableConvolution1D")
class SeparableConv1D(BaseSeparableConv):
    """A depthwise convolution, then a pointwise one that mixes the channels, a bias and an activation.

    Arguments:
        filters: Number of output channels.
        kernel_size: Size of the depthwise window: an integer.
        strides: Distance between windows.
        padding: "valid" (whole windows) or "same" (ceil(size / strides) outputs).
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.
        dilation_rate: Distance between the elements of the window.
        depth_multiplier: Channels per input channel between the two convolutions.
        activation: Name or function; None is the identity.
        use_bias: Whether a bias is added.
        depthwise_initializer, pointwise_initializer, bias_initializer: For the weights.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: Penalties on the weights.
        activity_regularizer: Penalty on the output.
        depthwise_constraint, pointwise_constraint, bias_constraint: Projections after each update.

    Input shape: (batch, steps, channels), or (batch, channels, steps).
    Output shape: the same with `filters` channels.

    Raises:
        ArgumentError: for sizes that are not positive.
        ShapeError: for inputs of another rank.

    Source: Chollet 2017, Xception.

    Example:
        >>> SeparableConv1D(4, 3)(numpy.ones((2, 8, 3))).shape
        (2, 6, 4)
    """

    rank = 1

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals()))
