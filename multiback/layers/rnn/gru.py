"""Gated recurrent unit."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.layers._arguments import given
from multiback.layers._registry import REGISTRY
from multiback.layers.rnn._whole import WholeSequence
from multiback.layers.rnn.gru_cell import GRUCell


@REGISTRY.register()
class GRU(WholeSequence):
    """Gated recurrent unit: z, r = s(x @ W + h @ U + b); h' = z h + (1 - z) a(x @ W_h + r (h @ U_h)).

    s is the recurrent activation, a the activation; the blocks of columns of the weights are in the order z, r, h.

    Arguments:
        units: Size of the output.
        activation, recurrent_activation: Names or functions.
        use_bias: Whether biases are added; with reset_after, one to x @ W and one to h @ U.
        kernel_initializer, recurrent_initializer, bias_initializer: For the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: Penalties on the weights.
        activity_regularizer: Penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: Projections after each update.
        dropout: Fraction of the inputs set to zero in training, the same at every step.
        recurrent_dropout: Fraction of the previous output set to zero, the same at every step, one mask for each gate.
        seed: Of the dropout.
        return_sequences, return_state, go_backwards, stateful, unroll: See `RNN`.
        reset_after: Whether r multiplies h @ U_h; otherwise h alone.
        use_cudnn: Accepted and ignored: each backend uses its fastest kernel that means the same.

    Input shape: (batch, steps, features).
    Output shape: (batch, units), or (batch, steps, units) with return_sequences; with return_state also the state.

    Raises:
        ArgumentError: for units that are not positive, or a rate outside 0 to 1.

    Source: Cho et al. 2014, Learning phrase representations using RNN encoder-decoder.

    Example:
        >>> GRU(4)(numpy.ones((2, 6, 3))).shape
        (2, 4)
    """

    cell: GRUCell
    cell_class = GRUCell
    op = ops.gru

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
        reset_after: bool = True,
        use_cudnn: str | bool = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(**given(locals(), "use_cudnn"))

    def _op_attributes(self) -> dict[str, Any] | None:
        found = super()._op_attributes()
        return None if found is None else {**found, "reset_after": self.cell.reset_after}
