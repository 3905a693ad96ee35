"""Long short-term memory."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.rnn._whole import WholeSequence
from multiback.layers.rnn.lstm_cell import LSTMCell


@REGISTRY.register()
class LSTM(WholeSequence):
    """Long short-term memory: i, f, g, o = x @ W + h @ U + b; c' = s(f) c + s(i) a(g); h' = s(o) a(c').

    s is the recurrent activation, a the activation; the four blocks of columns of the weights are in that order.

    Arguments:
        units: Size of the output and of both states.
        activation, recurrent_activation: Names or functions.
        use_bias: Whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: For the weights.
        unit_forget_bias: Whether the forget gate's bias starts at one.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: Penalties on the weights.
        activity_regularizer: Penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: Projections after each update.
        dropout: Fraction of the inputs set to zero in training, the same at every step.
        recurrent_dropout: Fraction of the previous output set to zero, the same at every step, one mask for each gate.
        seed: Of the dropout.
        return_sequences, return_state, go_backwards, stateful, unroll: See `RNN`.
        use_cudnn: Accepted and ignored: each backend uses its fastest kernel that means the same.

    Input shape: (batch, steps, features).
    Output shape: (batch, units), or (batch, steps, units) with return_sequences; with return_state also h and c.

    Raises:
        ArgumentError: for units that are not positive, or a rate outside 0 to 1.

    Source: Hochreiter and Schmidhuber 1997, Long short-term memory; Gers et al. 2000, Learning to forget.

    Example:
        >>> LSTM(4, return_sequences=True)(numpy.ones((2, 6, 3))).shape
        (2, 6, 4)
    """

    cell_class = LSTMCell
    op = ops.lstm

    def __init__(
        self,
        units: int,
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
        unroll: bool = False,
        use_cudnn: str | bool = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals(), "use_cudnn"))
