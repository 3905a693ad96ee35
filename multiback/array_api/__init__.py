"""A namespace of the array API standard, 2024.12, on every backend.

    from multiback import array_api as xp
    x = xp.asarray([[1.0, 2.0], [3.0, 4.0]])        # an Array on the selected backend
    xp.linalg.inv(x) @ x + 1                         # computed by multiback.ops, on that backend

`Array` wraps a native array (`x.native`) and has the operators, the indexing and the attributes of the standard, with
the same promotion of dtypes on each backend. `multiback.ops` are the same functions on native arrays. Functions whose
result has a shape that depends on data (`nonzero`, `unique_*`, masks as indices) work on arrays at hand, not in
compiled code.
"""

from __future__ import annotations

from typing import Any

from multiback import dtypes as _dtypes
from multiback.array_api import exchange as _exchange
from multiback.array_api import fft, linalg
from multiback.array_api.array import Array
from multiback.array_api.dtype import DATA_TYPES as _DATA_TYPES
from multiback.array_api.functions import build as _build
from multiback.array_api.info import __array_namespace_info__
from multiback.array_api.signatures import CREATION, DATA_TYPE, DTYPES, FUNCTIONS
from multiback.backends import select as _select
from multiback.ops.constants import e, inf, nan, newaxis, pi

__array_api_version__ = "2024.12"


def asarray(obj: Any, /, *, dtype: Any = None, device: str | None = None, copy: bool | None = None) -> Array:
    """Numbers, nested lists and arrays as an Array.

    Arguments:
        obj: Arrays of a framework stay on their backend, anything else goes to the selected one.
        dtype: Of the result; Python numbers become int32, float32 and complex64 unless given.
        device: The device of the backend, or None.
        copy: True copies always, False never (an Array is returned as it is), None where needed.

    Raises:
        ArgumentError: if `copy=False` is not possible, or for another device.

    Source: array API standard 2024.12, asarray.
    """
    if isinstance(obj, Array) and copy is False and dtype in (None, obj.dtype):
        _exchange.check_device(obj.adapter, device)
        return obj
    native, adapter = _exchange.from_anything(obj, dtype, copy)
    _exchange.check_device(adapter, device)
    return Array(native, adapter)


def from_dlpack(x: Any, /, *, device: str | None = None, copy: bool | None = None) -> Array:
    """An object that speaks DLPack as an Array: on its own backend if it has one, else on the selected one.

    Raises:
        ArgumentError: if it does not speak DLPack, or for another device.

    Source: array API standard 2024.12, from_dlpack.
    """
    native, adapter = _exchange.from_dlpack(x, copy)
    _exchange.check_device(adapter, device)
    return Array(native, adapter)


globals().update(_build(CREATION, needs_array=False))
globals().update(_build(DATA_TYPE, needs_array=False))
globals().update(_build(FUNCTIONS))
globals().update({name: _DATA_TYPES[_dtypes.as_dtype(name)] for name in DTYPES})

__all__ = [
    "Array",
    "__array_api_version__",
    "__array_namespace_info__",
    "asarray",
    "e",
    "fft",
    "from_dlpack",
    "inf",
    "linalg",
    "nan",
    "newaxis",
    "pi",
    *CREATION,
    *DATA_TYPE,
    *FUNCTIONS,
    *DTYPES,
]


def __getattr__(name: str) -> Any:
    """`__version__`: multiback's, with the backend that is selected."""
    if name == "__version__":
        import multiback

        return f"{multiback.__version__} on {_select.backend()}"
    raise AttributeError(f"module 'multiback.array_api' has no attribute {name!r}")
