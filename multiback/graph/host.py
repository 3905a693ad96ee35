"""What a person passes as an array, as a NumPy array on the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import dtypes, tree
from multiback.errors import ArgumentError, DtypeError

_HOST_CONVERTERS: list[Callable[[Any], np.ndarray | None]] = []


def convert_host_with(converter: Callable[[Any], np.ndarray | None]) -> None:
    """Registers a function that turns native tensors into NumPy arrays (None: not one of its own)."""
    _HOST_CONVERTERS.append(converter)


def as_host_array(x: Any) -> np.ndarray:
    """`x` as a NumPy array; Python numbers become int32 and float32 arrays.

    Raises:
        DtypeError: for strings, objects and ragged lists.
    """
    array: np.ndarray | None
    if isinstance(x, np.ndarray | np.generic):
        array = np.asarray(x)
    else:
        array = next((a for convert in _HOST_CONVERTERS if (a := convert(x)) is not None), None)
        if array is None:
            array = _from_python(x)
    if array.dtype not in dtypes._BY_NUMPY:
        raise DtypeError(f"Expected an array of numbers, got {type(x).__name__} of dtype {array.dtype}.")
    return array


def _from_python(x: Any) -> np.ndarray:
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ArgumentError(f"Expected an array, got a ragged {type(x).__name__}: {error}") from None
    if isinstance(x, list | tuple) and all(isinstance(v, bool | int | float | complex) for v in tree.leaves(x)):
        default = {"f": np.float32, "i": np.int32, "c": np.complex64}.get(array.dtype.kind)
        if default is not None and (array.dtype.kind != "i" or np.all(np.abs(array) < 2**31)):
            return array.astype(default)
    return array
