"""Conversions between dtypes, and the identity through which no gradient flows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np

from multiback import dtypes
from multiback.errors import DtypeError
from multiback.graph.ir import Spec
from multiback.ops._cases import ALL_DTYPES, ALL_FLOATS, EXACT, HALVES, SIGNED, UNSIGNED, Case, Sample, exact
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import like
from multiback.ops.comparison import greater, less, logical_and
from multiback.ops.selection import clip, where


def _as_dtype(call: dict[str, Any]) -> None:
    call["dtype"] = dtypes.as_dtype(call["dtype"])


_INF, _NAN = float("inf"), float("nan")
_COUNTS = Sample(("batch", 3), 0, 100, transform=np.round)


def _without(target: str, sources: Sequence[str] = ALL_DTYPES) -> list[str]:
    return [d for d in sources if d != target]


def _to(target: str, sources: Sequence[str]) -> Case:
    """Numbers that are exact in every dtype."""
    return Case((_COUNTS,), {"dtype": target}, f"to {target}", sources, EXACT, False)


# From every dtype to the usual ones, and to every dtype from one of each kind.
_CONVERSIONS = [
    *(_to(d, _without(d)) for d in ("float32", "int32", "bool")),
    *(_to(d, _without(d, ("float32", "int32", "uint8", "bool"))) for d in (*ALL_FLOATS[1:], *SIGNED[1:], *UNSIGNED)),
]


@primitive(
    canonical=_as_dtype,
    cases=[
        Case((Sample(("batch", 3)),), {"dtype": "float64"}, "gradient", bound=EXACT),
        *_CONVERSIONS,
        *(
            Case((Sample((40,), -9, 9),), {"dtype": d}, f"rounded to {d}", sources, EXACT, False)
            for d, sources in (("float16", ["float32", "float64"]), ("bfloat16", ["float32"]), ("float32", ["float64"]))
        ),
        *exact(["float32"], Sample(values=[1e6, -1e6, 65519, 65520, _INF, _NAN]), label="overflow", dtype="float16"),
        *exact(("float32", *HALVES), Sample(values=[1.9, -1.9, 0.5, -0.5, -0.0]), label="cut off", dtype="int32"),
        *exact(["float32"], Sample(values=[0.0, -0.0, 0.5, _NAN, _INF]), label="special to bool", dtype="bool"),
        *exact(["float32"], Sample(values=[2.0**31 - 128, -(2.0**31)]), label="to the ends of int32", dtype="int32"),
        *exact(["int32"], Sample(values=[300, -1, 5, 2**31 - 1]), label="wraps in uint8", dtype="uint8"),
        *exact(["int32"], Sample(values=[300, -1, 128, -129]), label="wraps in int8", dtype="int8"),
        *exact(["int64"], Sample(values=[2**40 + 3, -1], dtype="int64"), label="wraps in int32", dtype="int32"),
        *exact(["int32"], Sample(values=[2**31 - 1, 2**24 + 1, -3]), label="rounded to float32", dtype="float32"),
    ],
)
def cast(x: Array, dtype: Any) -> Spec:
    """The elements in another dtype.

    Floats to integers truncate toward zero; integers to narrower ones wrap; numbers to bool by x != 0 (NaN is True).
    NaN, and floats outside the range of the integer dtype, give an integer that no standard defines and that differs
    between backends: use `saturate_cast` where they can occur.

    Arguments:
        x: Any array.
        dtype: A dtype or its name.

    Returns:
        The shape of `x`, in `dtype`.

    Raises:
        DtypeError: if `dtype` names no dtype, or for complex numbers as real ones.

    Source: array API standard 2024.12, astype.

    Example:
        >>> ops.cast([1.7, -1.7], "int32").tolist()
        [1, -1]
    """
    if x.dtype.is_complex and not dtype.is_complex and dtype.kind != "b":
        raise DtypeError(f"cast() would drop the imaginary part of {x.dtype} to make {dtype}. Use ops.real or ops.abs.")
    return like(x, dtype)


cast.meaning(lambda x, dtype: np.asarray(x).astype(dtype.numpy))
cast.vjp(lambda g, y, x, dtype: cast(g, x.dtype) if dtype.is_float and x.dtype.is_float else None)


astype = cast


@composite(
    canonical=_as_dtype,
    cases=[
        *exact(
            ("float32", "float64", "bfloat16"),
            Sample(values=[3e9, -3e9, _NAN, _INF, -_INF, 2.9, -2.9, 2.0**31 - 2**24]),
            label="divergence-12",
            dtype="int32",
        ),
        *exact(["float32"], Sample(values=[1e19, -1e19, _NAN, 2.0**62]), label="divergence-12 to int64", dtype="int64"),
        *exact(("float32", *HALVES), Sample(values=[300.0, -5.0, _NAN, 2.9]), label="divergence-13", dtype="uint8"),
        *exact(["float32", "float16"], Sample(values=[300.0, -300.0, 127.9]), label="to int8", dtype="int8"),
        *exact(["float32"], Sample(("batch", 3), -9, 9), label="batch", dtype="int32"),
        *exact(["int32", "int16"], Sample(values=[300, -5, 7]), label="integers to uint8", dtype="uint8"),
        *exact(["uint8"], Sample(values=[200, 7]), label="unsigned to int8", dtype="int8"),
        *exact(["uint8"], Sample(values=[200, 7]), label="unsigned to int32", dtype="int32"),
        *exact(["int32", "bool"], Sample(values=[2, 1, 0]), label="to float32", dtype="float32"),
        *exact(["float32"], Sample(values=[0.0, _NAN, 2.0]), label="to bool", dtype="bool"),
        *exact(["float32", "bfloat16"], Sample(values=[1e6, -1e6, 0.5, _NAN]), label="to float16", dtype="float16"),
        *exact(["float16"], Sample(values=[6e4, _INF, _NAN]), label="to bfloat16", dtype="bfloat16"),
    ],
)
def saturate_cast(x: Array, dtype: Any) -> Any:
    """The elements in another dtype, limited to its range first: y = cast(clip(x, min, max)); NaN becomes integer 0.

    Arguments:
        x: Any array.
        dtype: A dtype or its name.

    Returns:
        The shape of `x`, in `dtype`.

    Raises:
        DtypeError: if `dtype` names no dtype.

    Source: Keras 3, ops.saturate_cast.

    Example:
        >>> ops.saturate_cast([300.0, -5.0], "uint8").tolist()
        [255, 0]
    """
    if dtype.kind == "b" or x.dtype.kind == "b":
        return cast(x, dtype)
    if x.dtype.is_float:
        return _float_to_integer(x, dtype) if dtype.is_integer else _float_to_float(x, dtype)
    if not dtype.is_integer:
        return cast(x, dtype)
    source, target = np.iinfo(x.dtype.numpy), np.iinfo(dtype.numpy)
    return cast(clip(x, max(int(source.min), int(target.min)), min(int(source.max), int(target.max))), dtype)


def _float_to_float(x: Any, dtype: dtypes.DType) -> Any:
    largest = min(float(ml_dtypes.finfo(d.numpy).max) for d in (dtype, x.dtype))
    # bfloat16 has no number as near to float16's largest.
    x = cast(x, dtypes.float32) if x.dtype == dtypes.bfloat16 else x
    return cast(clip(x, -largest, largest), dtype)


def _float_to_integer(x: Any, dtype: dtypes.DType) -> Any:
    limits = np.iinfo(dtype.numpy)
    low, high = int(limits.min), int(limits.max)
    # Neither bound may round into the range, so the one below is open: the smallest integer is put in by the last line.
    inside = logical_and(greater(x, float(low - 1)), less(x, float(high + 1)))
    whole = cast(where(inside, x, 0.0), dtype)
    return where(inside, whole, where(greater(x, 0.0), high, where(less(x, 0.0), low, whole)))


@primitive(
    cases=[
        Case((Sample(("batch", 3)),), label="batch", bound=EXACT, smooth=False),
        *exact(ALL_DTYPES[1:], Sample((4, 3), 0, 9), label="batch"),
    ]
)
def stop_gradient(variable: Array) -> Spec:
    """The same numbers, with no gradient: y = x, dy/dx = 0.

    Arguments:
        variable: Any array.

    Returns:
        Its shape and dtype.

    Source: Keras 3, ops.stop_gradient.

    Example:
        >>> ops.stop_gradient([1.0]).tolist()
        [1.0]
    """
    return like(variable)


stop_gradient.meaning(lambda variable: variable)
stop_gradient.vjp(lambda g, y, variable: None)
