"""Transposed convolution of images."""

from __future__ import annotations

from typing import Any

from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.convolutional._conv_transpose import BaseConvTranspose


@REGISTRY.register("Convolution2DTranspose")
class Conv2DTranspose(BaseConvTranspose):
    """Transposed convolution of images: the gradient of Conv2D, which makes images larger.

    Arguments:
        filters: Number of output channels.
        kernel_size: Size of the window: an integer, or one per axis.
        strides: Outputs per input: an integer, or one per axis.
        padding: "valid": (size - 1) * strides + max(kernel_size, strides) outputs; "same": size * strides.
        output_padding: Outputs beyond the least possible, less than `strides`; None for the sizes above.
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.
        dilation_rate: Distance between the elements of the window.
        activation: Name or function; None is the identity.
        use_bias: Whether a bias is added.
        kernel_initializer, bias_initializer: For the weights.
        kernel_regularizer, bias_regularizer: Penalties on the weights.
        activity_regularizer: Penalty on the output.
        kernel_constraint, bias_constraint: Projections after each update.

    Input shape: (batch, rows, columns, channels), or (batch, channels, rows, columns).
    Output shape: the same with `filters` channels.

    Raises:
        ArgumentError: for sizes that are not positive, or an output_padding not less than the strides.
        ShapeError: for inputs of another rank.

    Source: Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning.

    Example:
        >>> Conv2DTranspose(4, 3, strides=2, padding="same")(numpy.ones((2, 8, 8, 3))).shape
        (2, 16, 16, 4)
    """

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals()))
