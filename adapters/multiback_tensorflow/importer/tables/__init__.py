"""The tables of handlers, by the names of TensorFlow's ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback_tensorflow.importer.tables import (
    control,
    elementwise,
    gradients,
    images,
    indexing,
    linear_algebra,
    lists,
    normalization,
    random,
    reductions,
    shaping,
    state,
    windows,
)
from multiback_tensorflow.importer.tables.elementwise import NUMBERS

_PLAIN = (elementwise, gradients, images, indexing, linear_algebra, normalization, reductions, shaping, windows)

HANDLERS: dict[str, Callable[..., Any]] = {
    "Const": lambda value, **_: value,
    "NoOp": lambda **_: (),
    "ControlTrigger": lambda **_: (),
}
"""Handlers that take the inputs in order and the attributes by name."""
STATIC: dict[str, tuple[int, ...]] = {}
"""Which inputs of an op stay host values."""
for _table in _PLAIN:
    HANDLERS.update(_table.HANDLERS)
    STATIC.update(getattr(_table, "STATIC", {}))

CONTEXTUAL: dict[str, Callable[..., Any]] = {
    **control.CONTEXTUAL,
    **lists.CONTEXTUAL,
    **random.CONTEXTUAL,
    **state.CONTEXTUAL,
}
"""Handlers that take the context, the node and the function before the inputs."""

__all__ = ["CONTEXTUAL", "HANDLERS", "NUMBERS", "STATIC"]
