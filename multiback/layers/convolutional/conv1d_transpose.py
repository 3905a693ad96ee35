"""Transposed convolution of sequences."""

from __future__ import annotations

from typing import Any

from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.convolutional._conv_transpose import BaseConvTranspose


@REGISTRY.register("Convolution1DTranspose")
class Conv1DTranspose(BaseConvTranspose):
    """Transposed convolution of sequences: the gradient of Conv1D, which makes sequences larger.

    Arguments:
        filters: Number of output channels.
        kernel_size: Size of the window: an integer.
        strides: Outputs per input.
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

    Input shape: (batch, steps, channels), or (batch, channels, steps).
    Output shape: the same with `filters` channels.

    Raises:
        ArgumentError: for sizes that are not positive, or an output_padding not less than the strides.
        ShapeError: for inputs of another rank.

    Source: Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning.

    Example:
        >>> Conv1DTranspose(4, 3, strides=2, padding="same")(numpy.ones((2, 8, 3))).shape
        (2, 16, 4)
    """

    rank = 1

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
