"""One step of long short-term memory."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._arguments import given, resolve
from multiback.layers._registry import REGISTRY
from multiback.layers.rnn._cell import RecurrentCell, ones_in_block


@REGISTRY.register()
class LSTMCell(RecurrentCell):
    """One step of LSTM: i, f, g, o = x @ W + h @ U + b; c' = s(f) c + s(i) a(g); h' = s(o) a(c').

    s is the recurrent activation, a the activation; the four blocks of columns are in that order.

    Arguments: see `LSTM`.

    Input shape: (batch, features), and a list with h and c, each (batch, units).
    Output shape: (batch, units), and a list with the new h and c.

    Example:
        >>> y, states = LSTMCell(4)(numpy.ones((2, 3)), [numpy.zeros((2, 4)), numpy.zeros((2, 4))])
    """

    recurrent_activation: Any
    gates = 4
    _config = (*RecurrentCell._config, "recurrent_activation", "unit_forget_bias")

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals(), "recurrent_activation", "unit_forget_bias"))
        resolve(self, recurrent_activation=recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    @property
    def state_size(self) -> list[int]:
        return [self.units, self.units]

    def _first_values(self, kind: str) -> Any:
        initializer = super()._first_values(kind)
        if kind != "bias" or not self.unit_forget_bias:
            return initializer
        return ones_in_block(initializer, self.units, 2 * self.units)

    def call(self, inputs: Any, states: Any, training: bool | None = None) -> Any:
        h, c = states
        z = self.project(self.dropped_inputs(inputs, training), self.kernel)
        z = z + self.project(self.dropped_state(h, training), self.recurrent_kernel)
        z = z if self.bias is None else ops.add(z, self.bias)
        i, f, g, o = ops.split(z, 4, axis=-1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]
