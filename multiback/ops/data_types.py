"""What dtypes are, hold and turn into: `finfo`, `iinfo`, `isdtype`, `can_cast`, `result_type`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from multiback import dtypes
from multiback.dtypes import DType
from multiback.errors import ArgumentError, DtypeError

KINDS = {
    "bool": "b",
    "signed integer": "i",
    "unsigned integer": "u",
    "integral": "iu",
    "real floating": "f",
    "complex floating": "c",
    "numeric": "iufc",
}


@dataclass(frozen=True)
class FloatInfo:
    """Limits of a float dtype, or of the parts of a complex one.

    Attributes:
        bits: Width.
        eps: The distance from 1 to the next larger number.
        max, min: The largest and the smallest number.
        smallest_normal: The smallest positive number of full precision.
        dtype: The dtype.
    """

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: DType


@dataclass(frozen=True)
class IntegerInfo:
    """Limits of an integer dtype.

    Attributes:
        bits: Width.
        max, min: The largest and the smallest number.
        dtype: The dtype.
    """

    bits: int
    max: int
    min: int
    dtype: DType


def _dtype_of(x: Any) -> DType:
    return dtypes.as_dtype(getattr(x, "dtype", x))


def finfo(type: Any) -> FloatInfo:
    """Limits of a float or complex dtype.

    Arguments:
        type: A dtype, its name, or an array.

    Raises:
        DtypeError: for integers and bools.

    Source: array API standard 2024.12, finfo.

    Example:
        >>> ops.finfo("float32").eps
        1.1920928955078125e-07
    """
    dtype = dtypes.real_of(_dtype_of(type))
    if not dtype.is_float:
        raise DtypeError(f"finfo() takes floats and complex numbers, got {dtype}. Use ops.iinfo for integers.")
    limits = ml_dtypes.finfo(dtype.numpy)
    eps, largest, smallest, normal = map(float, (limits.eps, limits.max, limits.min, limits.smallest_normal))
    return FloatInfo(dtype.bits, eps, largest, smallest, normal, dtype)


def iinfo(type: Any) -> IntegerInfo:
    """Limits of an integer dtype.

    Arguments:
        type: A dtype, its name, or an array.

    Raises:
        DtypeError: for anything but integers.

    Source: array API standard 2024.12, iinfo.

    Example:
        >>> ops.iinfo("int8").max
        127
    """
    dtype = _dtype_of(type)
    if not dtype.is_integer:
        raise DtypeError(f"iinfo() takes integers, got {dtype}. Use ops.finfo for floats.")
    limits = np.iinfo(dtype.numpy)
    return IntegerInfo(dtype.bits, int(limits.max), int(limits.min), dtype)


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a dtype is of a kind.

    Arguments:
        dtype: A dtype or its name.
        kind: "bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating", "numeric",
            a dtype, or a tuple of these, one of which must hold.

    Raises:
        ArgumentError: for a kind that is none of these.

    Source: array API standard 2024.12, isdtype.

    Example:
        >>> ops.isdtype("int8", "integral")
        True
    """
    dtype = dtypes.as_dtype(dtype)
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    if isinstance(kind, str) and kind in KINDS:
        return dtype.kind in KINDS[kind]
    try:
        return dtype == dtypes.as_dtype(kind)
    except DtypeError:
        raise ArgumentError(f"Unknown kind of dtype {kind!r}. Known: a dtype, {', '.join(KINDS)}.") from None


def result_type(*arrays_and_dtypes: Any) -> DType:
    """The dtype that arrays, dtypes and Python numbers (weak) meet in.

    Arguments:
        arrays_and_dtypes: At least one.

    Raises:
        ArgumentError: if there is none.

    Source: array API standard 2024.12, result_type.

    Example:
        >>> ops.result_type("int32", "float16", 1.0)
        'float16'
    """
    if not arrays_and_dtypes:
        raise ArgumentError("result_type() needs at least one array, dtype or number.")
    numbers = [x for x in arrays_and_dtypes if isinstance(x, bool | int | float | complex)]
    strong = [_dtype_of(x) for x in arrays_and_dtypes if not isinstance(x, bool | int | float | complex)]
    if not strong:
        return dtypes.promote(*map(dtypes.of_scalar, numbers))
    dtype = dtypes.promote(*strong)
    for number in numbers:
        dtype = dtypes.weak_result(dtype, number)
    return dtype


def can_cast(from_: Any, to: Any) -> bool:
    """Whether promotion leads from one dtype (or the dtype of an array) to another.

    Source: array API standard 2024.12, can_cast.

    Example:
        >>> ops.can_cast("int32", "int8")
        False
    """
    return dtypes.promote(_dtype_of(from_), dtypes.as_dtype(to)) == dtypes.as_dtype(to)
