"""The states of cells: their sizes and their zeros."""

from __future__ import annotations

from typing import Any

from multiback import ops


def sizes(cell: Any) -> list[Any]:
    """The size of each state of a cell."""
    size = cell.state_size
    return list(size) if isinstance(size, list | tuple) else [size]


def output_size(cell: Any) -> int:
    """The size of a cell's output: what it says, or that of its first state."""
    said = getattr(cell, "output_size", None)
    if said is not None:
        return said
    first = sizes(cell)[0]
    return first[0] if isinstance(first, list | tuple) else first


def initial_states(cell: Any, batch_size: Any) -> list[Any]:
    """The states a cell starts from: its own choice, or zeros."""
    if hasattr(cell, "get_initial_state"):
        states = cell.get_initial_state(batch_size=batch_size)
        return list(states) if isinstance(states, list | tuple) else [states]
    return [ops.zeros((batch_size, n), dtype=cell.compute_dtype) for n in sizes(cell)]
