"""Conversions between dtypes, and the identity through which no gradient flows."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from multiback import dtypes
from multiback.graph.ir import Spec
from multiback.ops._cases import EXACT, Bound, Case, Sample, exact
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import like
from multiback.ops.comparison import greater, less, logical_and
from multiback.ops.selection import clip, where


def _as_dtype(call: dict[str, Any]) -> None:
    call["dtype"] = dtypes.as_dtype(call["dtype"])


_INF, _NAN = float("inf"), float("nan")
_ROUNDED = Bound(1, lambda x, dtype: np.abs(x))


@primitive(
    canonical=_as_dtype,
    cases=[
        Case((Sample(("batch", 3)),), {"dtype": "float64"}, "to float64", bound=EXACT),
        *(
            Case((Sample(("batch", 3)),), {"dtype": d}, f"to {d}", bound=_ROUNDED, differentiable=False)
            for d in ("float32", "float16", "bfloat16")
        ),
        *exact(["float32"], Sample(("batch", 3), -9, 9), label="to int32", dtype="int32"),
        *exact(["float32"], Sample(values=[0.0, -0.0, 0.5, _NAN, _INF]), label="to bool", dtype="bool"),
        *exact(
            ["float32"],
            Sample(values=[2.0**31 - 128, -(2.0**31), 0.9, -0.9]),
            label="to the ends of int32",
            dtype="int32",
        ),
        *exact(["int32"], Sample(values=[300, -1, 5]), label="to uint8", dtype="uint8"),
        *exact(["int32"], Sample(values=[2**31 - 1, -3]), label="to float32", dtype="float32"),
        *exact(["bool"], Sample((4,), dtype="bool"), label="of bool", dtype="float32"),
    ],
)
def cast(x: Array, dtype: Any) -> Spec:
    """The elements in another dtype.

    Floats to integers truncate toward zero; integers to narrower ones wrap; numbers to bool by x != 0 (NaN is True).
    NaN, and floats outside the range of the integer dtype, give an integer that is not defined: use `saturate_cast`.

    Arguments:
        x: Any array.
        dtype: A dtype or its name.

    Returns:
        The shape of `x`, in `dtype`.

    Raises:
        DtypeError: if `dtype` names no dtype.

    Source: array API standard 2024.12, astype.

    Example:
        >>> ops.cast([1.7, -1.7], "int32").tolist()
        [1, -1]
    """
    return like(x, dtype)


cast.meaning(lambda x, dtype: np.asarray(x).astype(dtype.numpy))
cast.vjp(lambda g, y, x, dtype: cast(g, x.dtype) if dtype.is_float and x.dtype.is_float else None)


@composite(
    canonical=_as_dtype,
    cases=[
        *exact(["float32"], Sample(values=[3e9, -3e9, _NAN, _INF, -_INF, 2.9, 2.0**31 - 128]), dtype="int32"),
        *exact(["float32"], Sample(values=[300.0, -5.0, _NAN, 2.9]), label="to uint8", dtype="uint8"),
        *exact(["int32"], Sample(values=[300, -5, 7]), label="integers to uint8", dtype="uint8"),
        *exact(["float32"], Sample(values=[0.0, _NAN, 2.0]), label="to bool", dtype="bool"),
        Case(
            (Sample(values=[1e6, -1e6, 0.5, _NAN]),),
            {"dtype": "float16"},
            "to float16",
            bound=EXACT,
            differentiable=False,
        ),
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
    return cast(clip(x, -largest, largest), dtype)


def _float_to_integer(x: Any, dtype: dtypes.DType) -> Any:
    limits = np.iinfo(dtype.numpy)
    low, high = int(limits.min), int(limits.max)
    # Neither bound may round into the range, so the one below is open: the smallest integer is put in by the last line.
    inside = logical_and(greater(x, float(low - 1)), less(x, float(high + 1)))
    whole = cast(where(inside, x, 0.0), dtype)
    return where(inside, whole, where(greater(x, 0.0), high, where(less(x, 0.0), low, whole)))


@primitive(cases=[Case((Sample(("batch", 3)),), label="batch", dtypes=("float32", "int32"), bound=EXACT)])
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
