"""Floats as bit patterns: signs of zeros and NaN, neighbouring numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import DtypeError
from multiback.graph.ir import Spec
from multiback.ops._cases import EXACT, Case, Sample, exact, special
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import like, promoting
from multiback.ops.arithmetic import add, negative
from multiback.ops.comparison import equal, greater, isnan, less, logical_or
from multiback.ops.selection import where

_INF, _NAN = float("inf"), float("nan")
_FLOATS = ("float32", "float16", "bfloat16", "float64")


def _as_dtype(call: dict[str, Any]) -> None:
    call["dtype"] = dtypes.as_dtype(call["dtype"])


@primitive(
    canonical=_as_dtype,
    cases=[
        *exact(["float64"], Sample(values=[1.0, -0.0, _INF]), dtype="int64"),
        *exact(["int32"], Sample(values=[0x3F800000, -1]), label="to uint32", dtype="uint32"),
        *exact(["uint32"], Sample(values=[0x3F800000, 1]), label="from uint32", dtype="int32"),
        *exact(["int16"], Sample(values=[0x3F80, -1]), label="to uint16", dtype="uint16"),
        *exact(["uint16"], Sample(values=[0x3F80, 1]), label="from uint16", dtype="int16"),
    ],
)
def bitcast(x: Array, dtype: Any) -> Spec:
    """The same bits read as another dtype of the same width. No gradient flows.

    Arguments:
        x: Integers or floats.
        dtype: Integers or floats, as many bits wide.

    Returns:
        The shape of `x`, in `dtype`.

    Raises:
        DtypeError: if the widths differ, or for bools and complex numbers.

    Example:
        >>> ops.bitcast([1.0], "int32").tolist()
        [1065353216]
    """
    for given in (x.dtype, dtype):
        if given.kind not in "iuf":
            raise DtypeError(f"bitcast() takes integers and floats, got {given}.")
    if x.dtype.bits != dtype.bits:
        raise DtypeError(f"bitcast() of {x.dtype} to {dtype}: {x.dtype.bits} and {dtype.bits} bits differ.")
    return like(x, dtype)


bitcast.meaning(lambda x, dtype: np.ascontiguousarray(x).view(dtype.numpy).reshape(np.shape(x)))
bitcast.vjp(lambda g, y, x, dtype: None)


@primitive(accepts="f", cases=exact(_FLOATS, Sample(values=[0.0, -0.0, 2.0, -3.0, _INF, -_INF])))
def signbit(x: Array) -> Spec:
    """Whether the sign bit is set: True for negative numbers, -0 and NaN with that bit.

    Arguments:
        x: Floats.

    Returns:
        Bool, of the shape of `x`.

    Source: array API standard 2024.12, signbit.

    Example:
        >>> ops.signbit([0.0, -0.0, -1.0]).tolist()
        [False, True, True]
    """
    return like(x, dtypes.bool_)


signbit.meaning(np.signbit)
signbit.vjp(lambda g, y, x: None)


@composite(
    canonical=promoting("x1", "x2", to_float=True),
    cases=[
        Case((Sample(("batch", 3)), Sample((3,))), label="broadcast", dtypes=_FLOATS, bound=EXACT, differentiable=(0,)),
        *special([_INF, -_INF, 0.0, -0.0, 1.5, -1.5], 2),
    ],
)
def copysign(x1: Array, x2: Array) -> Any:
    """Magnitude of x1 with the sign bit of x2.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast; integers become float32.

    Returns:
        The broadcast shape.

    Source: array API standard 2024.12, copysign.

    Example:
        >>> ops.copysign([1.0, 2.0], [-0.0, 3.0]).tolist()
        [-1.0, 2.0]
    """
    return where(equal(signbit(x1), signbit(x2)), x1, negative(x1))


@composite(
    canonical=promoting("x1", "x2", to_float=True),
    cases=exact(
        ["float64"],
        Sample(values=[1.0, 1.0, -1.0, -1.0, 2.0, 0.25, 0.0, -0.0, _NAN]),
        Sample(values=[2.0, 0.0, -2.0, 0.0, 2.0, _INF, 1.0, -1.0, 1.0]),
    ),
)
def nextafter(x1: Array, x2: Array) -> Any:
    """The number next to x1 in the direction of x2; x2 where both are equal, NaN where either is.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast; integers become float32.

    Returns:
        The broadcast shape.

    Source: array API standard 2024.12, nextafter.

    Example:
        >>> ops.nextafter([1.0], [2.0]).tolist()
        [1.0000001192092896]
    """
    integers = dtypes.ALL[f"int{x1.dtype.bits}"]
    bits = bitcast(x1, integers)
    away = equal(less(x1, x2), greater(x1, 0.0))
    least_negative = np.asarray(1 - 2 ** (integers.bits - 1), integers.numpy)
    least = where(less(x2, 0.0), least_negative, 1)
    moved = where(equal(x1, 0.0), least, where(away, bits + 1, bits - 1))
    y = where(equal(x1, x2), x2, bitcast(moved, x1.dtype))
    return where(logical_or(isnan(x1), isnan(x2)), add(x1, x2), y)
