"""One step of a gated recurrent unit."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._arguments import given, resolve
from multiback.layers._registry import REGISTRY
from multiback.layers.rnn._cell import RecurrentCell


@REGISTRY.register()
class GRUCell(RecurrentCell):
    """One step of GRU: z, r = s(x @ W + h @ U + b); h' = z h + (1 - z) a(x @ W_h + r (h @ U_h)).

    s is the recurrent activation, a the activation; the blocks of columns are in the order z, r, h. With reset_after
    False the last product is (r h) @ U_h.

    Arguments: see `GRU`.

    Input shape: (batch, features), and a list with the state (batch, units).
    Output shape: (batch, units), and a list with the new state.

    Example:
        >>> y, states = GRUCell(4)(numpy.ones((2, 3)), [numpy.zeros((2, 4))])
    """

    recurrent_activation: Any
    gates = 3
    _config = (*RecurrentCell._config, "recurrent_activation", "reset_after")

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals(), "recurrent_activation", "reset_after"))
        resolve(self, recurrent_activation=recurrent_activation)
        self.reset_after = reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def call(self, inputs: Any, states: Any, training: bool | None = None) -> Any:
        (h,) = states
        input_bias, recurrent_bias = self._biases()
        x = self.project(self.dropped_inputs(inputs, training), self.kernel)
        x = x if input_bias is None else ops.add(x, input_bias)
        x_z, x_r, x_h = ops.split(x, 3, axis=-1)
        seen = self.dropped_state(h, training)
        if self.reset_after:
            inner = self.project(seen, self.recurrent_kernel)
            inner = inner if recurrent_bias is None else ops.add(inner, recurrent_bias)
            h_z, h_r, h_h = ops.split(inner, 3, axis=-1)
            z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
            h_h = r * h_h
        else:
            edge = 2 * self.units
            h_z, h_r = ops.split(self.project(seen[:2], self.recurrent_kernel[:, :edge]), 2, axis=-1)
            z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
            h_h = ops.matmul(r * seen[-1], self.recurrent_kernel[:, edge:])
        h = z * h + (1 - z) * self.activation(x_h + h_h)
        return h, [h]

    def _biases(self) -> tuple[Any, Any]:
        """The biases of inputs and state."""
        if self.bias is None or not self.reset_after:
            return self.bias, None
        return self.bias[0], self.bias[1]
