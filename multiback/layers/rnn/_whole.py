"""The base of recurrent layers with a cell of their own."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

from multiback import activations, ops
from multiback.layers._arguments import described
from multiback.layers._names import snake_case
from multiback.layers.rnn._cell import RecurrentCell
from multiback.layers.rnn.rnn import RNN
from multiback.ops.recurrent import ACTIVATIONS

_ZEROS = (RNN.get_initial_state, RecurrentCell.get_initial_state)

# GELU is left out: the op's formula and the activation's default differ.
_NAMES = tuple(name for name in ACTIVATIONS if name != "gelu")


class WholeSequence(RNN):
    """A recurrent layer made of one kind of cell, whose arguments are attributes of the layer too.

    The op `op` runs whole sequences at once, for which backends have kernels. Where it does not do (other functions,
    recurrent dropout, `unroll`) the cell is called step by step.
    """

    cell: RecurrentCell
    cell_class: ClassVar[type[RecurrentCell]]
    op: ClassVar[Any]

    def __init__(self, **arguments: Any) -> None:
        known = (*inspect.signature(self.cell_class).parameters, "implementation")
        of_cell = {k: v for k, v in arguments.items() if k in known}
        shared = {k: arguments[k] for k in ("dtype", "trainable") if k in arguments}
        cell = self.cell_class(**of_cell, **shared, name=snake_case(self.cell_class.__name__))
        super().__init__(cell, **{k: v for k, v in arguments.items() if k not in known})

    def inner_loop(
        self, sequences: Any, initial_state: list[Any], mask: Any, training: bool | None
    ) -> tuple[Any, Any, list[Any]]:
        cell = self.cell
        attributes = self._op_attributes()
        if attributes is None or self.unroll or (training and cell.recurrent_dropout):
            states = super()._first_states(sequences, None) if initial_state[0] is None else initial_state
            return super().inner_loop(sequences, states, mask, training)
        outputs, *states = type(self).op(
            cell.dropped_sequence(sequences, training),
            cell.kernel,
            cell.recurrent_kernel,
            cell.bias,
            *initial_state,
            mask,
            reverse=self.go_backwards,
            zero_output_for_mask=self.zero_output_for_mask,
            **attributes,
        )
        last = states[0] if mask is None else outputs[:, 0 if self.go_backwards else -1]
        return last, ops.flip(outputs, axis=1) if self.go_backwards else outputs, states

    def _first_states(self, sequences: Any, initial_state: Any) -> list[Any]:
        """None for each state that is zero because nobody says otherwise: kernels know zeros by themselves."""
        asked = type(self).get_initial_state, type(self.cell).get_initial_state
        if initial_state is None and not self.stateful and asked == _ZEROS:
            self._check_steps(sequences)
            return [None] * len(self.state_size)
        return super()._first_states(sequences, initial_state)

    def _op_attributes(self) -> dict[str, Any] | None:
        """The cell's functions by the names that the op knows, or None if it does not."""
        found = {}
        for name in ("activation", "recurrent_activation"):
            function = getattr(self.cell, name, None)
            if function is None:
                continue
            found[name] = next((n for n in _NAMES if activations.get(n) is function), None)
        return None if None in found.values() else found

    def __getattr__(self, name: str) -> Any:
        if name in self.cell_class._config and "cell" in self.__dict__:
            return getattr(self.cell, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["cell"]
        return {**config, **described(self.cell, *self.cell._config)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        return super(RNN, cls).from_config(config)
