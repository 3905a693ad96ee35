"""Convolutional long short-term memory over volumes."""

from __future__ import annotations

from typing import Any

from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.rnn._conv_lstm import ConvLSTM
from multiback.layers.rnn._conv_lstm_cell import ConvLSTM3DCell


@REGISTRY.register()
class ConvLSTM3D(ConvLSTM):
    """LSTM over steps that are volumes: i, f, g, o = x * W + h * U + b with convolutions; c' = s(f) c + s(i) a(g).

    The output is h' = s(o) a(c'); s is the recurrent activation, a the activation.

    Arguments:
        filters: The channels of the output and of both states.
        kernel_size: Of both convolutions: an integer, or one per axis.
        strides, padding, dilation_rate: Of the convolution of the inputs, as in `Conv3D`; that of the state is
            "same".
        data_format: "channels_last" or "channels_first"; default `config.image_data_format()`.
        activation, recurrent_activation: Names or functions.
        use_bias: Whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: For the weights.
        unit_forget_bias: Whether the forget gate's bias starts at one.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: Penalties on the weights.
        activity_regularizer: Penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: Projections after each update.
        dropout: Fraction of the inputs set to zero in training, the same at every step, one mask for each gate.
        recurrent_dropout: The same of the previous output.
        seed: Of the dropout.
        return_sequences, return_state, go_backwards, stateful: See `RNN`.

    Input shape: (batch, steps, depth, rows, columns, channels), or (batch, steps, channels, depth, rows, columns).
    Output shape: as of a `Conv3D` on each step: without the steps, unless return_sequences; with return_state also h
    and c.

    Raises:
        ArgumentError: for sizes that are not positive.
        ShapeError: for inputs whose sizes, but for batch and steps, are not known.

    Source: Shi et al. 2015, Convolutional LSTM network.

    Example:
        >>> ConvLSTM3D(4, 3, padding="same")(numpy.ones((2, 5, 4, 8, 8, 3))).shape
        (2, 4, 8, 8, 4)
    """

    cell_class = ConvLSTM3DCell

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals()))
