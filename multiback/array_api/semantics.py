"""Functions of the standard that are called differently, or mean more, than the op of that name in `multiback.ops`.

They take and return native arrays. What is not here is the op itself.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from multiback import config, dtypes, ops
from multiback.array_api.natives import adapter_of, dtype_of, shape_of
from multiback.errors import ShapeError
from multiback.ops.decompositions import QR, SVD, Eigen
from multiback.ops.matrices import SignedLogarithm
from multiback.ops.sets import UniqueAll, UniqueCounts, UniqueInverse

# ---- creation


def full(shape: Any, fill_value: Any, *, dtype: Any = None) -> Any:
    return ops.full(shape, fill_value, dtype or dtypes.of_scalar(fill_value))


def eye(n_rows: int, n_cols: int | None = None, *, k: int = 0, dtype: Any = None) -> Any:
    return ops.eye(n_rows, n_cols, _within(k, n_rows, n_rows if n_cols is None else n_cols), dtype)


def _within(k: int, rows: int, columns: int) -> int:
    """A diagonal outside of a matrix as the nearest such."""
    return builtins.max(-rows, builtins.min(k, columns))


def tril(x: Any, *, k: int = 0) -> Any:
    return ops.tril(x, _within(k, *shape_of(x)[-2:]))


def triu(x: Any, *, k: int = 0) -> Any:
    return ops.triu(x, _within(k, *shape_of(x)[-2:]))


def linspace(start: Any, stop: Any, num: int, *, dtype: Any = None, endpoint: bool = True) -> Any:
    if builtins.any(isinstance(x, complex) for x in (start, stop)):
        dtype = dtype or dtypes.complex64
    wanted = dtypes.as_dtype(dtype or config.floatx())
    if not wanted.is_complex:
        first, last = (np.asarray(x, wanted.numpy) if isinstance(x, int | float) else x for x in (start, stop))
        return ops.linspace(first, last, num, endpoint, dtype=wanted)
    first, last, part = complex(start), complex(stop), dtypes.real_of(wanted)
    return ops.complex(
        linspace(first.real, last.real, num, dtype=part, endpoint=endpoint),
        linspace(first.imag, last.imag, num, dtype=part, endpoint=endpoint),
    )


def arange(start: Any, stop: Any = None, step: Any = 1, *, dtype: Any = None) -> Any:
    if stop is None:
        start, stop = 0, start
    return ops.arange(start, stop, step, dtype)


def meshgrid(*arrays: Any, indexing: str = "xy") -> list[Any]:
    return list(ops.meshgrid(*arrays, indexing=indexing))


# ---- data types


def astype(x: Any, dtype: Any, *, copy: bool = True) -> Any:
    return ops.cast(x, dtype)


# ---- elementwise


def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    dtype = dtype_of(x)
    for bound, choose in ((min, ops.maximum), (max, ops.minimum)):
        if bound is not None:
            x = choose(x, bound)
    return ops.cast(x, dtype)


def negative(x: Any) -> Any:
    if dtype_of(x).kind == "u":
        return ops.add(ops.bitwise_invert(x), 1)
    return ops.negative(x)


def _shift_counts(x1: Any, x2: Any) -> Any:
    """Python's shift counts as arrays, since the ops refuse those that are known to be too large."""
    if not isinstance(x2, int):
        return x2
    dtype = dtype_of(x1)
    return np.asarray(builtins.min(x2, dtype.bits), dtype.numpy)


def bitwise_left_shift(x1: Any, x2: Any) -> Any:
    return ops.bitwise_left_shift(x1, _shift_counts(x1, x2))


def bitwise_right_shift(x1: Any, x2: Any) -> Any:
    return ops.bitwise_right_shift(x1, _shift_counts(x1, x2))


def floor_divide(x1: Any, x2: Any) -> Any:
    y = ops.floor_divide(x1, x2)
    if not dtype_of(y).is_float:
        return y
    # Of infinities and zeros the standard wants the quotient, where Python's // gives NaN, -1 or a zero of either sign.
    special = ops.logical_or(ops.logical_or(ops.isinf(x1), ops.isinf(x2)), ops.equal(x1, 0))
    return ops.where(special, ops.divide(x1, x2), y)


def remainder(x1: Any, x2: Any) -> Any:
    y = ops.remainder(x1, x2)
    if not dtype_of(y).is_float:
        return y
    # A remainder of zero has the sign of the divisor.
    return ops.where(ops.equal(y, 0), ops.copysign(0.0, x2), y)


# ---- indexing


def take(x: Any, indices: Any, *, axis: int | None = None) -> Any:
    return ops.take(x, indices, _only_axis(x, axis, "take"))


def _only_axis(x: Any, axis: int | None, name: str) -> int:
    if axis is None and len(shape_of(x)) != 1:
        raise ShapeError(f"{name}() needs an axis for an array of shape {shape_of(x)}.")
    return axis or 0


# ---- manipulation


def concat(arrays: Any, *, axis: int | None = 0) -> Any:
    if axis is None:
        return ops.concatenate([ops.reshape(x, (-1,)) for x in arrays], 0)
    return ops.concatenate(list(arrays), axis)


def stack(arrays: Any, *, axis: int = 0) -> Any:
    return ops.stack(list(arrays), axis)


def unstack(x: Any, *, axis: int = 0) -> tuple[Any, ...]:
    return tuple(ops.unstack(x, axis=axis))


def repeat(x: Any, repeats: Any, *, axis: int | None = None) -> Any:
    if not isinstance(repeats, int):
        repeats = adapter_of(repeats).to_numpy(repeats).reshape(-1).tolist()
    return ops.repeat(x, repeats[0] if isinstance(repeats, list) and len(repeats) == 1 else repeats, axis)


def reshape(x: Any, shape: Any, *, copy: bool | None = None) -> Any:
    return ops.reshape(x, shape)


# ---- searching and sorting


def count_nonzero(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return ops.sum(ops.cast(ops.cast(x, "bool"), "int32"), axis, keepdims)


def searchsorted(x1: Any, x2: Any, *, side: str = "left", sorter: Any = None) -> Any:
    return ops.searchsorted(x1 if sorter is None else ops.take(x1, sorter, 0), x2, side)


def argsort(x: Any, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    if not descending:
        return ops.argsort(x, axis)
    dtype = dtype_of(x)
    return ops.argsort(ops.negative(x) if dtype.is_float else ops.bitwise_invert(x), axis)


def sort(x: Any, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    return ops.take_along_axis(x, argsort(x, axis=axis, descending=descending), axis)


def unique_all(x: Any) -> UniqueAll:
    return ops.unique_all(x)


def unique_counts(x: Any) -> UniqueCounts:
    return ops.unique_counts(x)


def unique_inverse(x: Any) -> UniqueInverse:
    return ops.unique_inverse(x)


# ---- statistics


def _accumulated(x: Any, dtype: Any) -> Any:
    """The array in the dtype that sums and products are made in: small integers in 32 bits."""
    own = dtype_of(x)
    if dtype is None and own.kind in "biu" and own.bits < 32:
        dtype = dtypes.uint32 if own.kind == "u" else dtypes.int32
    return x if dtype is None else ops.cast(x, dtype)


def sum(x: Any, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    return ops.sum(_accumulated(x, dtype), axis, keepdims)


def prod(x: Any, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    return ops.prod(_accumulated(x, dtype), axis, keepdims)


def _cumulative(function: Any, first: int, x: Any, axis: int | None, dtype: Any, include_initial: bool) -> Any:
    x = _accumulated(x, dtype)
    axis = _only_axis(x, axis, function.name)
    y = function(x, axis=axis)
    if not include_initial:
        return y
    shape = [1 if i == axis % len(shape_of(x)) else n for i, n in enumerate(shape_of(x))]
    return ops.concatenate([ops.full(shape, first, dtype_of(y)), y], axis)


def cumulative_sum(x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    return _cumulative(ops.cumulative_sum, 0, x, axis, dtype, include_initial)


def cumulative_prod(x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    return _cumulative(ops.cumulative_prod, 1, x, axis, dtype, include_initial)


def var(x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    y = ops.var(x, axis, keepdims)
    if not correction:
        return y
    shape = shape_of(x)
    count = 1
    for i in range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis:
        count *= shape[i]
    return ops.multiply(y, count / (count - correction) if count > correction else float("nan"))


def std(x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    return ops.sqrt(var(x, axis=axis, correction=correction, keepdims=keepdims))


# ---- linear algebra


def eigh(x: Any) -> Eigen:
    return Eigen(*ops.eigh(x))


def qr(x: Any, *, mode: str = "reduced") -> QR:
    return QR(*ops.qr(x, mode))


def slogdet(x: Any) -> SignedLogarithm:
    return SignedLogarithm(*ops.slogdet(x))


def svd(x: Any, *, full_matrices: bool = True) -> SVD:
    return SVD(*ops.svd(x, full_matrices))


def diagonal(x: Any, *, offset: int = 0) -> Any:
    return ops.diagonal(x, offset, -2, -1)


def trace(x: Any, *, offset: int = 0, dtype: Any = None) -> Any:
    return sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)
