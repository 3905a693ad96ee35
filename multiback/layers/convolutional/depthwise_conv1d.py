"""Depthwise convolution of sequences."""

from __future__ import annotations

from typing import Any

from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.convolutional._depthwise import BaseDepthwiseConv


@REGISTRY.register()
class DepthwiseConv1D(BaseDepthwiseConv):
    """Convolution of every channel on its own: y[n, p, c * m + j] = activation(b + sum_k x[n, p + k, c] w[k, c, j]).

    Arguments:
        kernel_size: Size of the window: an integer.
        strides: Distance between windows.
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

    Input shape: (batch, steps, channels), or (batch, channels, steps).
    Output shape: the same with channels * depth_multiplier channels.

    Raises:
        ArgumentError: for sizes that are not positive.
        ShapeError: for inputs of another rank.

    Source: Chollet 2017, Xception.

    Example:
        >>> DepthwiseConv1D(3, depth_multiplier=2)(numpy.ones((2, 8, 3))).shape
        (2, 6, 6)
    """

    rank = 1

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
