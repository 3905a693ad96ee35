"""Primitives that take or write a block of an array."""

from __future__ import annotations

from typing import Any

from multiback import dtypes, ops
from multiback_jax.importer.node import Handler, Node, as_value, cast, known, reshape


def _slice(node: Node, x: Any) -> Any:
    strides = node["strides"] or (1,) * len(node.shape)
    key = tuple(
        slice(None) if (start, stop, step) == (0, size, 1) else slice(start, stop, step if step != 1 else None)
        for start, stop, step, size in zip(node["start_indices"], node["limit_indices"], strides, x.shape)
    )
    return ops.getitem(as_value(x), key)


def _starts(starts: tuple[Any, ...]) -> Any:
    """Starts as integers where all are known, else as one array."""
    numbers = [known(s) for s in starts]
    if all(n is not None for n in numbers):
        return [int(n) for n in numbers if n is not None]
    return ops.concatenate([reshape(cast(as_value(s), dtypes.int32), (1,)) for s in starts], 0)


def _dynamic_slice(node: Node, x: Any, *starts: Any) -> Any:
    starts = starts[: len(x.shape)]
    return ops.slice(as_value(x), _starts(starts), node.shape) if starts else x


def _dynamic_update_slice(node: Node, x: Any, update: Any, *starts: Any) -> Any:
    if not starts:
        return update
    return ops.slice_update(as_value(x), _starts(starts), as_value(update))


HANDLERS: dict[str, Handler] = {
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update_slice,
    "slice": _slice,
}
