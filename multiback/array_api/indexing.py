"""`x[key]` and `x[key] = value`.

Slices, None and ... are an op. Integers for all axes are a position in the flattened array: one compiled program serves
every element. Masks and arrays of integers are turned into positions on the host, since the shape of what they select
depends on data. Assignments are made on the host, into a copy.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from multiback import ops
from multiback.backends.protocol import Adapter
from multiback.errors import OutOfRangeError, ShapeError


def get(adapter: Adapter, native: Any, key: Any) -> Any:
    """The native array that `key` selects.

    Raises:
        OutOfRangeError: if the key does not fit.
    """
    shape: tuple[Any, ...] = tuple(adapter.shape(native))
    if _has_arrays(key):
        everything = np.arange(math.prod(shape), dtype=np.int32).reshape(shape)
        return _taken(native, _fitting(everything.__getitem__, key, shape))
    key = _plain(key)
    items = _items(key)
    if len(items) == len(shape) > 0 and all(isinstance(i, int) for i in items):
        return _taken(native, _fitting(lambda place: _position(place, shape), key, shape))
    return ops.getitem(native, key)


def set(adapter: Adapter, native: Any, key: Any, value: Any) -> Any:
    """A native array with `value`, broadcast, in the place of what `key` selects.

    Raises:
        OutOfRangeError: if the key does not fit.
        ShapeError: if `value` does not broadcast to what it selects.
    """
    array = np.array(adapter.to_numpy(native))
    value = value.adapter.to_numpy(value.native) if hasattr(value, "native") else value

    def assign(place: Any) -> None:
        array[place] = np.asarray(value).astype(array.dtype)

    _fitting(assign, key, array.shape)
    return adapter.from_numpy(array)


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


def _fitting(function: Any, key: Any, shape: tuple[int, ...]) -> Any:
    """`function(key)` of the key with host arrays in it, its complaints in our words."""
    host = tuple(i.adapter.to_numpy(i.native) if hasattr(i, "native") else i for i in _items(key))
    try:
        return function(host if isinstance(key, tuple) else host[0])
    except IndexError as error:
        raise OutOfRangeError(f"Index {key!r} does not fit an array of shape {shape}: {error}.") from None
    except ValueError as error:
        raise ShapeError(f"What is assigned to {key!r} of an array of shape {shape} does not fit: {error}.") from None


def _position(place: Any, shape: tuple[int, ...]) -> np.ndarray:
    counted = []
    for i, size in zip(_items(place), shape):
        if not -size <= i < size:
            raise IndexError(f"{i} is out of range for size {size}")
        counted.append(i % size)
    return np.asarray(np.ravel_multi_index(tuple(counted), shape), np.int32)


def _taken(native: Any, positions: Any) -> Any:
    """The elements at positions of the flattened array, in the shape of the positions."""
    positions = np.asarray(positions)
    flat = ops.reshape(native, (-1,))
    return (
        ops.take(flat, positions, 0) if positions.size else ops.reshape(ops.getitem(flat, slice(0, 0)), positions.shape)
    )
