"""Convolution of sequences."""

from __future__ import annotations

from typing import Any

from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.convolutional._conv import BaseConv


@REGISTRY.register("Convolution1D")
class Conv1D(BaseConv):
    """Convolution of sequences: y[n, p, f] = activation(b[f] + sum_(k, c) x[n, p + k, c] w[k, c, f]).

    Arguments:
        filters: Number of output channels, a multiple of `groups`.
        kernel_size: Size of the window: an integer.
        strides: Distance between windows.
        padding: "valid" (whole windows), "same" (ceil(size / strides) outputs), or "causal"
            (as "same", but only the past counts).
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.
        dilation_rate: Distance between the elements of the window.
        groups: Groups of channels that do not mix.
        activation: Name or function; None is the identity.
        use_bias: Whether a bias is added.
        kernel_initializer, bias_initializer: For the weights.
        kernel_regularizer, bias_regularizer: Penalties on the weights.
        activity_regularizer: Penalty on the output.
        kernel_constraint, bias_constraint: Projections after each update.

    Input shape: (batch, steps, channels), or (batch, channels, steps).
    Output shape: the same with `filters` channels.

    Raises:
        ArgumentError: for sizes that are not positive or filters that do not divide into groups.
        ShapeError: for inputs of another rank, or channels that do not divide into groups.

    Source: Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning.

    Example:
        >>> Conv1D(4, 3)(numpy.ones((2, 8, 3))).shape
        (2, 6, 4)
    """

    rank = 1
    paddings = ("valid", "same", "causal")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
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
