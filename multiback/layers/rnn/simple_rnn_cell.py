"""One step of a fully connected recurrence."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.rnn._cell import RecurrentCell


@REGISTRY.register()
class SimpleRNNCell(RecurrentCell):
    """One step of SimpleRNN: h' = activation(x @ kernel + bias + h @ recurrent_kernel).

    Arguments: see `SimpleRNN`.

    Input shape: (batch, features), and a list with the state (batch, units).
    Output shape: (batch, units), and a list with the new state.

    Example:
        >>> y, states = SimpleRNNCell(4)(numpy.ones((2, 3)), [numpy.zeros((2, 4))])
    """

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals()))

    def call(self, inputs: Any, states: Any, training: bool | None = None) -> Any:
        (h,) = states
        x = self.project(self.dropped_inputs(inputs, training), self.kernel)
        x = x if self.bias is None else ops.add(x, self.bias)
        h = self.activation(x + self.project(self.dropped_state(h, training), self.recurrent_kernel))
        return h, [h]
