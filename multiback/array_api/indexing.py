"""`x[key]` and `x[key] = value`.

Basic keys (integers, slices, None, ...) are an op. Masks and arrays of integers are turned into positions on the host,
since the shape of what they select depends on data; assignments are, too, and then scatter into a new array.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from multiback import ops
from multiback.backends.protocol import Adapter
from multiback.errors import ShapeError


def get(adapter: Adapter, native: Any, key: Any) -> Any:
    """The native array that `key` selects."""
    if not _has_arrays(key):
        return ops.getitem(native, _plain(key))
    positions = _positions(adapter, native, key)
    return ops.take(ops.reshape(native, (-1,)), positions, 0) if positions.size else _empty(native, positions.shape)


def set(adapter: Adapter, native: Any, key: Any, value: Any) -> Any:
    """A native array with `value`, broadcast, in the place of what `key` selects.

    Raises:
        ShapeError: if `value` does not broadcast to what is selected.
    """
    shape = tuple(adapter.shape(native))
    positions = _positions(adapter, native, key)
    dtype = adapter.dtype(native)
    value = value.native if hasattr(value, "native") else np.asarray(value, dtype.numpy)
    updates = ops.broadcast_to(ops.cast(value, dtype), positions.shape)
    if positions.size == 0:
        return native
    flat = ops.scatter_update(
        ops.reshape(native, (-1,)), positions.reshape(-1, 1), ops.reshape(updates, (positions.size,))
    )
    return ops.reshape(flat, shape)


def _items(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _has_arrays(key: Any) -> builtins.bool:
    return any(
        isinstance(i, bool) or (hasattr(i, "native") and (i.ndim or i.dtype.name == "bool")) for i in _items(key)
    )


def _plain(key: Any) -> Any:
    """Scalars of the namespace as integers."""
    found = tuple(i.__index__() if hasattr(i, "native") else i for i in _items(key))
    return found if isinstance(key, tuple) else found[0]


def _positions(adapter: Adapter, native: Any, key: Any) -> np.ndarray:
    """Where the selected elements are in the flattened array, in the shape of the selection."""
    shape = tuple(adapter.shape(native))
    everything = np.arange(math.prod(shape), dtype=np.int32).reshape(shape)
    host = tuple(i.adapter.to_numpy(i.native) if hasattr(i, "native") else i for i in _items(key))
    try:
        return np.asarray(everything[host if isinstance(key, tuple) else host[0]])
    except IndexError as error:
        raise ShapeError(f"Index {key!r} does not fit an array of shape {shape}: {error}.") from None


def _empty(native: Any, shape: tuple[int, ...]) -> Any:
    return ops.reshape(ops.getitem(ops.reshape(native, (-1,)), slice(0, 0)), shape)
