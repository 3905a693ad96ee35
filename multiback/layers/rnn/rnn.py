"""A cell applied step by step over sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from multiback import ops, tree
from multiback.errors import ArgumentError, ShapeError, StateError
from multiback.layers._arguments import described, title
from multiback.layers._input_spec import InputSpec
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY, deserialize, serialize
from multiback.layers.rnn._states import initial_states, output_size, sizes
from multiback.layers.rnn._steps import run
from multiback.layers.rnn.stacked_rnn_cells import StackedRNNCells
from multiback.variables import Variable


@REGISTRY.register()
class RNN(Layer):
    """Applies a cell to each step of sequences: y_t, states_t = cell(x_t, states_(t-1)).

    At a masked step the states stay, and the output is that of the step before.

    Arguments:
        cell: A layer with `state_size` (an integer, or one per state) and `call(inputs, states)` that returns the
            output and the new states; or a list of such layers.
        return_sequences: Whether to return the outputs of all steps instead of the last.
        return_state: Whether to return the last states too.
        go_backwards: Whether to start from the last step; outputs come in the order in which they were computed.
        stateful: Whether a call starts from the states in which the last one ended; needs a fixed batch size.
        unroll: Whether to write the steps out one after the other; needs a fixed number of steps.
        zero_output_for_mask: Whether the output at a masked step is zero.

    Input shape: (batch, steps, features).
    Output shape: (batch, units), or (batch, steps, units) with return_sequences; with return_state also each state.

    Raises:
        ArgumentError: for something that is not a cell.
        ShapeError: if the batch or steps are not fixed where they must be.

    Example:
        >>> RNN(LSTMCell(4), return_sequences=True)(numpy.ones((2, 6, 3))).shape
        (2, 6, 4)
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        cell = StackedRNNCells(cell, dtype=self.dtype_policy) if isinstance(cell, list | tuple) else cell
        if not isinstance(cell, Layer) or not hasattr(cell, "state_size"):
            raise ArgumentError(f"{title(self)} takes a layer with a state_size as cell, got {cell!r}.")
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.states: list[Any] | None = None
        self.supports_masking = True
        self.input_spec = InputSpec(min_ndim=3)

    @property
    def state_size(self) -> list[Any]:
        """The size of each state."""
        return sizes(self.cell)

    def build(self, input_shape: Any) -> None:
        if not self.cell.built:
            self.cell.build((input_shape[0], *input_shape[2:]))
        if self.stateful and self.states is None:
            if input_shape[0] is None:
                raise ShapeError(
                    f"{title(self)} is stateful and needs a fixed batch size. Give Input batch_size or batch_shape."
                )
            self.states = self._state_variables(self.state_size, input_shape[0])

    def _state_variables(self, sizes: list[Any], batch: int) -> list[Any]:
        found: list[Any] = []
        for size in sizes:
            if isinstance(size, list | tuple):
                found.append(self._state_variables(list(size), batch))
                continue
            zeros, path = np.zeros((batch, size)), f"{self.path}/rnn_state_{len(found)}"
            found.append(Variable(zeros, dtype=self.variable_dtype, trainable=False, name="rnn_state", path=path))
        return found

    def _not_weights(self) -> list[Variable]:
        return [*super()._not_weights(), *tree.leaves(self.states or [])]

    def get_initial_state(self, batch_size: Any) -> list[Any]:
        """The states from which a batch of this size starts."""
        return initial_states(self.cell, batch_size)

    def reset_state(self) -> None:
        """Sets the states of a stateful layer to zero.

        Raises:
            StateError: if the layer is not stateful.
        """
        if not self.stateful:
            raise StateError(f"{title(self)} has no states between calls. Make it with stateful=True.")
        for variable in tree.leaves(self.states or []):
            variable.assign(np.zeros_like(variable.numpy()))

    reset_states = reset_state

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        states = self._first_states(sequences, initial_state)
        last, outputs, states = self.inner_loop(sequences, states, mask, training)
        if self.stateful:
            for variable, state in zip(tree.leaves(self.states), tree.leaves(states)):
                variable.assign(ops.stop_gradient(ops.cast(state, variable.dtype)))
        output = ops.cast(outputs if self.return_sequences else last, self.compute_dtype)
        if not self.return_state:
            return output
        return output, *tree.map(lambda s: ops.cast(s, self.compute_dtype), states)

    def _first_states(self, sequences: Any, initial_state: Any) -> list[Any]:
        self._check_steps(sequences)
        if initial_state is None:
            batch = sequences.shape[0]
            initial_state = self.states if self.stateful else self.get_initial_state(batch)
        states = list(initial_state) if isinstance(initial_state, list | tuple) else [initial_state]
        if len(states) != len(self.state_size):
            raise ArgumentError(f"{title(self)} has {len(self.state_size)} states, got {len(states)}.")
        if self.stateful:
            self._check_batch(sequences)
        return tree.map(lambda s: ops.cast(s, self.cell.compute_dtype), states)

    def _check_steps(self, sequences: Any) -> None:
        if self.unroll and not isinstance(sequences.shape[1], int):
            raise ShapeError(f"{title(self)} is unrolled and needs a fixed number of steps.")

    def _check_batch(self, sequences: Any) -> None:
        expected, got = tree.leaves(self.states)[0].shape[0], sequences.shape[0]
        if isinstance(got, int) and got != expected:
            raise ShapeError(f"{title(self)} is stateful for batches of {expected}, got a batch of {got}.")

    def inner_loop(
        self, sequences: Any, initial_state: list[Any], mask: Any, training: bool | None
    ) -> tuple[Any, Any, list[Any]]:
        """The last output, the outputs of all steps (None unless they are returned), and the last states."""
        options = {"training": training} if self.cell._call_takes_training else {}
        return run(
            lambda x, states: self.cell(x, states, **options),
            sequences,
            initial_state,
            mask,
            output_size=output_size(self.cell),
            all_outputs=self.return_sequences,
            go_backwards=self.go_backwards,
            unroll=self.unroll,
            zero_output_for_mask=self.zero_output_for_mask,
        )

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        found = tree.leaves(previous_mask)
        mask = found[0] if found and self.return_sequences else None
        return [mask] + [None] * len(tree.leaves(self.state_size)) if self.return_state else mask

    def get_config(self) -> dict[str, Any]:
        names = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")
        return {**super().get_config(), **described(self, *names), "cell": serialize(self.cell)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        cell = config.get("cell")
        if isinstance(cell, Mapping):
            config = {**config, "cell": deserialize(cell, custom_objects)}
        return super().from_config(config)
