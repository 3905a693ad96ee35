"""Depthwise convolution of images."""

from __future__ import annotations

from typing import Any

from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.convolutional._depthwise import BaseDepthwiseConv


@REGISTRY.register()
class DepthwiseConv2D(BaseDepthwiseConv):
    """Convolution of every channel on its own: y[n, p, c * m + j] = activation(b + sum_k x[n, p + k, c] w[k, c, j]).

    Arguments:
        kernel_size: Size of the window: an integer, or one per axis.
        strides: Distance between windows: an integer, or one per axis.
        padding: "valid" (whole windows) or "same" (ceil(size / strides) outputs).
        depth_multiplier: Output channels per input channel.
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.
        dilation_rate: Distance between the elements of the window.
        activation: Name or function; None is the identity.
        use_bias: Whether a bias is added.
        depthwise_initializer, bias_initializer: For the weights.
        depthwise_regularizer, bias_regularizer: Penalties on the weights.
        activity_regularizer: Penalty on the output.
        depthwise_constraint, bias_constraint: Projections after each update.

    Input shape: (batch, rows, columns, channels), or (batch, channels, rows, columns).
    Output shape: the same with channels * depth_multiplier channels.

    Raises:
        ArgumentError: for sizes that are not positive.
        ShapeError: for inputs of another rank.

    Source: Chollet 2017, Xception.

    Example:
        >>> DepthwiseConv2D(3, depth_multiplier=2)(numpy.ones((2, 8, 8, 3))).shape
        (2, 6, 6, 6)
    """

    rank = 2

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals()))
