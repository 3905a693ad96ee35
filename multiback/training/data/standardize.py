"""Any array-like as a NumPy array in a dtype that models take, or an error that says why not."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from multiback.dtypes import DType, as_dtype, int32
from multiback.errors import DataError, DtypeError

Tree = Any

# Above this size an array is narrowed batch by batch, not as a whole: a second copy might not fit in memory.
_LARGE = 1 << 30


def to_arrays(
    tree: Tree, name: str, float_dtype: DType, to_numpy: Callable[[Any], np.ndarray], *, narrow: bool = True
) -> Tree:
    """The same lists, tuples and dicts with NumPy arrays as leaves.

    A list of numbers (of any depth) is one array; a list of arrays is a list. None stays None.

    Args:
        tree: Arrays, native tensors, data frames, lists of numbers, in any structure.
        name: How messages name the tree.
        float_dtype: What float64 becomes.
        to_numpy: Converts native tensors.
        narrow: False leaves arrays above 1 GiB in their dtype, after the same checks.

    Raises:
        DataError: for strings, objects, ragged lists, numbers without an axis, and integers beyond int32.
    """
    if tree is None:
        return None
    if isinstance(tree, Mapping):
        return {key: to_arrays(v, f"{name}[{key!r}]", float_dtype, to_numpy, narrow=narrow) for key, v in tree.items()}
    if isinstance(tree, list | tuple) and not _is_list_of_numbers(tree):
        items = [to_arrays(v, f"{name}[{i}]", float_dtype, to_numpy, narrow=narrow) for i, v in enumerate(tree)]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    array = _as_numpy(tree, name, to_numpy)
    _check(array, name)
    if any(stride < 0 for stride in array.strides):  # not every framework takes a reversed view
        array = np.ascontiguousarray(array)
    target = narrowed(array.dtype, float_dtype)
    if target == array.dtype:
        return array
    if array.dtype.kind in "iu":
        _check_range(array, name)
    if not narrow and array.nbytes > _LARGE:
        return array
    return cast(array, target, name)


def narrowed(dtype: np.dtype, float_dtype: DType) -> np.dtype:
    """The dtype in which data of `dtype` enters a model: int32 for 64-bit integers, `float_dtype` for float64."""
    if dtype.kind in "iu" and dtype.itemsize == 8:
        return int32.numpy
    if dtype.kind == "f" and dtype.itemsize >= 8:
        return float_dtype.numpy
    return dtype.newbyteorder("=")


def cast(array: np.ndarray, dtype: np.dtype, name: str) -> np.ndarray:
    """The array in another dtype; finite numbers must stay finite."""
    try:
        with np.errstate(over="raise"):
            return array.astype(dtype)
    except FloatingPointError:
        largest = np.max(np.abs(array[np.isfinite(array)]))
        raise DataError(f"{name} holds {largest:.3g}, too large for {dtype}: rescale the data.") from None


def named_leaves(tree: Tree, name: str) -> list[tuple[str, Any]]:
    """Every leaf that is not None, with its name: `x`, `x['image']`, `x[0]`."""
    if tree is None:
        return []
    if isinstance(tree, Mapping):
        return [pair for key, value in tree.items() for pair in named_leaves(value, f"{name}[{key!r}]")]
    if isinstance(tree, list | tuple):
        return [pair for i, value in enumerate(tree) for pair in named_leaves(value, f"{name}[{i}]")]
    return [(name, tree)]


def is_array_like(value: Any) -> bool:
    """Whether `value` is data itself (arrays in any structure) rather than something that yields batches."""
    if isinstance(value, Mapping | list | tuple | str | bytes | numbers.Number | np.generic):
        return True
    return hasattr(value, "__array__") or (hasattr(value, "shape") and hasattr(value, "dtype"))


def _is_list_of_numbers(value: list | tuple) -> bool:
    if hasattr(value, "_fields"):
        return False
    while isinstance(value, list | tuple):
        if not value:
            return True
        value = value[0]
    return isinstance(value, numbers.Number | np.generic | str | bytes)


def _as_numpy(value: Any, name: str, to_numpy: Callable[[Any], np.ndarray]) -> np.ndarray:
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise DataError(f"{name} is a masked array: fill it, and mask those samples with sample_weight 0.")
    if isinstance(value, list | tuple):
        return _from_list(value, name)
    if isinstance(value, np.ndarray | numbers.Number | np.generic | str | bytes):
        return np.asarray(value)
    try:
        if hasattr(value, "to_numpy"):  # data frames and series
            return np.asarray(value.to_numpy())
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            return np.asarray(to_numpy(value))
        if hasattr(value, "__array__"):
            return np.asarray(value)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} is a {type(value).__name__} that cannot be read as an array: {error}") from error
    raise DataError(
        f"{name} is a {type(value).__name__}: expected an array, a list of numbers, or a dict or list of arrays."
    )


def _from_list(value: list | tuple, name: str) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError:
        raise DataError(
            f"{name} is a ragged list: its rows differ in length. "
            "Make them equal, for instance with multiback.utils.pad_sequences."
        ) from None


def _check(array: np.ndarray, name: str) -> None:
    if array.dtype == object:
        first = next(iter(array.flat), None)
        raise DataError(
            f"{name} has dtype object: it holds Python objects such as {_short(first)}, or rows of unequal length. "
            "Convert it to one numeric array."
        )
    if array.dtype.kind in "SU":
        raise DataError(f"{name} holds strings such as {_short(next(iter(array.flat), ''))}: encode them as numbers.")
    if array.dtype.kind == "c" or not (array.dtype.kind == "f" or _is_supported(array.dtype)):
        raise DataError(f"{name} has dtype {array.dtype}, which models do not take: convert it to a real number dtype.")
    if array.ndim == 0:
        raise DataError(f"{name} is the single number {array}: data needs a first axis over samples.")


def _is_supported(dtype: np.dtype) -> bool:
    try:
        as_dtype(dtype.newbyteorder("="))
    except DtypeError:
        return False
    return True


def _check_range(array: np.ndarray, name: str) -> None:
    limits = np.iinfo(np.int32)
    if array.size == 0 or (array.min() >= limits.min and array.max() <= limits.max):
        return
    where = tuple(int(i) for i in np.argwhere((array < limits.min) | (array > limits.max))[0])
    raise DataError(
        f"{name} is {array[where]} at {list(where)}, beyond int32 ({limits.min} to {limits.max}), "
        "in which integers enter a model. Renumber the ids, or pass floats."
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
