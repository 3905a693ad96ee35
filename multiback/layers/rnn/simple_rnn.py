"""Fully connected recurrence."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.rnn._whole import WholeSequence
from multiback.layers.rnn.simple_rnn_cell import SimpleRNNCell


@REGISTRY.register()
class SimpleRNN(WholeSequence):
    """Fully connected recurrence: h_t = activation(x_t @ kernel + bias + h_(t-1) @ recurrent_kernel).

    Arguments:
        units: Size of the output.
        activation: Name or function.
        use_bias: Whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: For the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: Penalties on the weights.
        activity_regularizer: Penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: Projections after each update.
        dropout: Fraction of the inputs set to zero in training, the same at every step.
        recurrent_dropout: Fraction of the previous output set to zero, the same at every step.
        return_sequences, return_state, go_backwards, stateful, unroll: See `RNN`.
        seed: Of the dropout.

    Input shape: (batch, steps, features).
    Output shape: (batch, units), or (batch, steps, units) with return_sequences; with return_state also the state.

    Raises:
        ArgumentError: for units that are not positive, or a rate outside 0 to 1.

    Source: Elman 1990, Finding structure in time.

    Example:
        >>> SimpleRNN(4)(numpy.ones((2, 6, 3))).shape
        (2, 4)
    """

    cell_class = SimpleRNNCell
    op = ops.simple_rnn

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals()))
