"""Arrays in from elsewhere, and out: `asarray`, DLPack, devices."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.backends import registry, select
from multiback.backends.protocol import Adapter
from multiback.errors import ArgumentError

_CPU = 1
"""DLPack's number of the host device."""


def check_device(adapter: Adapter, device: str | None, here: str | None = None) -> None:
    """Raises unless arrays of this adapter are on that device anyway.

    Raises:
        ArgumentError: with the device they are on.
    """
    here = here or default_device(adapter)
    if device is not None and device != here:
        raise ArgumentError(f"Arrays of backend {adapter.name!r} are on device {here!r}, not {device!r}.")


def default_device(adapter: Adapter) -> str:
    """Where new arrays of an adapter are."""
    return adapter.device(adapter.from_numpy(np.zeros((), np.float32)))


def from_anything(obj: Any, dtype: Any, copy: bool | None) -> tuple[Any, Adapter]:
    """The native array of numbers, nested lists, arrays of any framework and of this namespace, and its adapter.

    Raises:
        ArgumentError: if `copy=False` and there is no way without.
    """
    if hasattr(obj, "native"):
        native, adapter = obj.native, obj.adapter
    else:
        owner = None if isinstance(obj, np.ndarray | np.generic) else registry.owner(obj)
        adapter = owner or select.selected()
        if owner is None and copy is False and not (isinstance(obj, np.ndarray) and adapter.is_native(obj)):
            raise ArgumentError(f"asarray() of {type(obj).__name__} on backend {adapter.name!r} needs a copy.")
        native = obj if owner or (copy is not True and adapter.is_native(obj)) else _made(obj, dtype, adapter)
    if dtype is not None and adapter.dtype(native) != dtypes.as_dtype(dtype):
        if copy is False:
            raise ArgumentError(f"asarray() from {adapter.dtype(native)} to {dtype} needs a copy.")
        return ops.cast(native, dtype), adapter
    return (adapter.from_numpy(np.array(adapter.to_numpy(native))) if copy else native), adapter


def _made(obj: Any, dtype: Any, adapter: Adapter) -> Any:
    if not isinstance(obj, list | tuple | bool | int | float | complex):
        return adapter.from_numpy(np.asarray(obj))
    if dtype is not None:
        return adapter.from_numpy(np.asarray(_numbers(obj), dtypes.as_dtype(dtype).numpy))
    array = np.asarray(_numbers(obj))
    wanted = {"f": dtypes.float32, "i": dtypes.int32, "c": dtypes.complex64}.get(array.dtype.kind)
    fits = wanted is None or array.dtype.kind != "i" or bool(np.all(np.abs(array) < 2**31))
    strong = _strong(obj)
    return adapter.from_numpy(
        array.astype((strong or wanted or dtypes.as_dtype(array.dtype)).numpy if fits else array.dtype)
    )


def _numbers(obj: Any) -> Any:
    """Scalars of this namespace inside lists as numbers."""
    if isinstance(obj, list | tuple):
        return [_numbers(i) for i in obj]
    return obj.__array__() if hasattr(obj, "native") else obj


def _strong(obj: Any) -> Any:
    """The dtype of the arrays inside lists, if there are any."""
    items = (
        [_strong(i) for i in obj]
        if isinstance(obj, list | tuple)
        else [obj.dtype.multiback]
        if hasattr(obj, "native")
        else []
    )
    found = [i for i in items if i is not None]
    return dtypes.promote(*found) if found else None


def from_dlpack(x: Any, copy: bool | None) -> tuple[Any, Adapter]:
    """The native array, on the selected backend, of an object that speaks DLPack.

    Raises:
        ArgumentError: if the object does not, or is not on the host.
    """
    if hasattr(x, "native"):
        return from_anything(x, None, copy)
    if not hasattr(x, "__dlpack__"):
        raise ArgumentError(f"from_dlpack() takes objects with __dlpack__, got {type(x).__name__}. Use asarray.")
    adapter = registry.owner(x) if not isinstance(x, np.ndarray) else select.selected()
    if adapter is not None and adapter.is_native(x) and not copy:
        return x, adapter
    adapter = adapter or select.selected()
    return adapter.from_numpy(np.from_dlpack(x), copy=copy is not False), adapter


def to_dlpack(x: Any, **request: Any) -> Any:
    """The capsule of an Array: its framework's, or where that has none of the version asked for, one of the host.

    Frameworks raise one or the other of these errors where the standard says BufferError.
    """
    if request["copy"] is not True and hasattr(x.native, "__dlpack__"):
        try:
            return x.native.__dlpack__(**request)
        except (BufferError, RuntimeError):
            if dlpack_device(x)[0] != _CPU:
                raise
    array = x.adapter.to_numpy(x.native)
    return (array if array.flags.writeable else np.array(array)).__dlpack__(**request)


def dlpack_device(x: Any) -> tuple[Any, int]:
    """The kind and number of the device of an Array, as DLPack counts."""
    native = x.native
    return native.__dlpack_device__() if hasattr(native, "__dlpack_device__") else (_CPU, 0)
