"""Cells one after the other as one cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multiback.errors import ArgumentError
from multiback.layers._arguments import title
from multiback.layers._layer import Layer
from multiback.layers._registry import REGISTRY, deserialize, serialize
from multiback.layers.rnn._states import initial_states, output_size, sizes


@REGISTRY.register()
class StackedRNNCells(Layer):
    """Several cells as one: each takes the output of the one before.

    Arguments:
        cells: In order.

    Its states are a list with the states of each cell: an array for a cell with one state, else a list.

    Raises:
        ArgumentError: for something that is not a cell.

    Example:
        >>> RNN([LSTMCell(4), LSTMCell(5)])(numpy.ones((2, 6, 3))).shape
        (2, 5)
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not cells or any(not isinstance(c, Layer) or not hasattr(c, "state_size") for c in cells):
            raise ArgumentError(f"{title(self)} takes layers with a state_size, got {cells!r}.")
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The state sizes of each cell."""
        return [c.state_size for c in self.cells]

    @property
    def output_size(self) -> int:
        """The size of the last cell's output."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Zeros for each state of each cell."""
        return [found if len(found) > 1 else found[0] for found in (initial_states(c, batch_size) for c in self.cells)]

    def build(self, input_shape: Any) -> None:
        for cell in self.cells:
            if not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], output_size(cell))

    def call(self, inputs: Any, states: Any, training: bool | None = None) -> Any:
        new_states = []
        for cell, state in zip(self.cells, states):
            single = not isinstance(state, list | tuple)
            inputs, state = cell(inputs, [state] if single else list(state), training=training)
            state = list(state) if isinstance(state, list | tuple) else [state]
            new_states.append(state[0] if single and len(sizes(cell)) == 1 else state)
        return inputs, new_states

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cells": [serialize(c) for c in self.cells]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        cells = [deserialize(c, custom_objects) if isinstance(c, Mapping) else c for c in config["cells"]]
        return super().from_config({**config, "cells": cells})
