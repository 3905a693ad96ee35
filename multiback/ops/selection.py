"""Choosing between elements: where, extrema of two arrays, clipping, replacing what is not finite."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from multiback.errors import ArgumentError
from multiback.graph.ir import Literal, Spec
from multiback.graph.op import OPS
from multiback.ops._cases import ALL_DTYPES, ALL_FLOATS, ALL_INTEGERS, EXACT, HALVES, Case, Sample, exact, special
from multiback.ops._cases import elementwise as cases
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import chained, elementwise, promoting
from multiback.ops.arithmetic import divide
from multiback.ops.comparison import equal, greater, isnan, less, to_bool

_INF, _NAN = float("inf"), float("nan")


def _refuse_one_argument(call: dict[str, Any]) -> None:
    if call["x1"] is None or call["x2"] is None:
        raise ArgumentError(
            "where() needs x1 and x2. The indices where a condition holds have a shape that depends on data, "
            "which a graph cannot express; multiply by the condition, or find them on NumPy arrays."
        )


def _one_array(call: dict[str, Any]) -> None:
    """Of two numbers the first becomes an array, since numbers alone would not tell a framework the dtype."""
    if isinstance(call["x1"], Literal) and isinstance(call["x2"], Literal):
        call["x1"] = OPS["cast"](call["x1"], call["x1"].dtype)


_CONDITION = Sample(("batch", 3), dtype="bool")


@primitive(
    canonical=chained(_refuse_one_argument, to_bool("condition"), promoting("x1", "x2"), _one_array),
    cases=[
        Case((_CONDITION, Sample(("batch", 3)), Sample(("batch", 3))), label="batch", bound=EXACT),
        *exact(ALL_DTYPES[1:], _CONDITION, Sample(("batch", 3), 0, 9), Sample((3,), 0, 9), label="batch"),
        Case((Sample((3,), dtype="bool"), Sample(("batch", 1)), Sample(())), label="broadcast", bound=EXACT),
        Case((_CONDITION, Sample(("batch", 3)), 0.0), label="number", bound=EXACT),
        Case((_CONDITION, 1.5, Sample(("batch", 3))), label="number first", bound=EXACT),
        *exact(HALVES, _CONDITION, 1.5, Sample(("batch", 3)), label="number first"),
        *exact(["float32"], _CONDITION, 1.0, 0.0, label="numbers"),
        *exact(["float32"], Sample(values=[0.0, -0.0, 2.0, _NAN]), 1, 0, label="numbers as condition"),
        *exact(["float32"], _CONDITION, Sample(("batch", 3), -9, 9, dtype="int8"), Sample((3,)), label="promotion"),
        Case(
            (Sample(values=[1, 0, 0], dtype="bool"), Sample(values=[1.0, _NAN, _INF]), Sample(values=[_INF, 2.0, 3.0])),
            label="divergence-34",
            bound=EXACT,
        ),
    ],
)
def where(condition: Array, x1: Array | None = None, x2: Array | None = None) -> Spec:
    """Elements of x1 where the condition holds, else of x2: y = x1 if condition else x2.

    The side that is not chosen gets gradient 0; its own derivative must be finite for that 0 to remain 0.

    Arguments:
        condition: Bool, or numbers taken as x != 0.
        x1, x2: Arrays or numbers; the three shapes broadcast.

    Returns:
        The broadcast shape, in the dtype x1 and x2 are promoted to.

    Raises:
        ArgumentError: if x1 or x2 is missing.

    Source: array API standard 2024.12, where.

    Example:
        >>> ops.where([True, False], [1, 2], 0).tolist()
        [1, 0]
    """
    return elementwise(x1, x2, condition)


where.meaning(np.where)
where.vjp(lambda g, y, condition, x1, x2: (None, where(condition, g, 0.0), where(condition, 0.0, g)))


def _shares(x1: Any, x2: Any, g: Any, wins: Any) -> tuple[Any, Any]:
    half = g * 0.5
    first = where(equal(x1, x2), half, where(wins(x1, x2), g, 0.0))
    return first, where(equal(x1, x2), half, where(wins(x2, x1), g, 0.0))


_EXTREMA = [
    *cases(2, c=0, dtypes=ALL_FLOATS),
    *special([_INF, -_INF, 1.0, 0.0, -0.0, _NAN], 2, c=0, dtypes=("float32", *HALVES)),
    *exact(ALL_INTEGERS, Sample(("batch", 3), 0, 100), Sample((3,), 0, 100), label="integers"),
    *exact(["int32"], Sample(values=[-(2**31), 2**31 - 1]), Sample(values=[2**31 - 1, -1]), label="extremes"),
    *exact(["int32", "uint8"], Sample((3, 4), 0, 9), 5, label="number"),
    Case(
        (Sample(values=[0.0, 1.0, 2.0, 2.0]), Sample(values=[0.0, 2.0, 1.0, 2.0])),
        label="divergence-29",
        dtypes=("float32", "bfloat16"),
        bound=EXACT,
        smooth=False,
    ),
    Case((Sample(values=[-1.0, 0.0, 2.0]), 0.0), label="divergence-29 with a number", bound=EXACT, smooth=False),
]


@primitive(
    canonical=promoting("x1", "x2"),
    accepts="iuf",
    cases=_EXTREMA,
)
def maximum(x1: Array, x2: Array) -> Spec:
    """The larger of two elements: y = max(x1, x2); NaN if either is. At a tie half the gradient goes to each.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Source: array API standard 2024.12, maximum.

    Example:
        >>> ops.maximum([-1, 2], 0).tolist()
        [0, 2]
    """
    return elementwise(x1, x2)


maximum.meaning(np.maximum)
maximum.vjp(lambda g, y, x1, x2: _shares(x1, x2, g, greater))


@primitive(
    canonical=promoting("x1", "x2"),
    accepts="iuf",
    cases=_EXTREMA,
)
def minimum(x1: Array, x2: Array) -> Spec:
    """The smaller of two elements: y = min(x1, x2); NaN if either is. At a tie half the gradient goes to each.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Source: array API standard 2024.12, minimum.

    Example:
        >>> ops.minimum([-1, 2], 0).tolist()
        [-1, 0]
    """
    return elementwise(x1, x2)


minimum.meaning(np.minimum)
minimum.vjp(lambda g, y, x1, x2: _shares(x1, x2, g, less))


def _refuse_empty_range(call: dict[str, Any]) -> None:
    low, high = call["x_min"], call["x_max"]
    if isinstance(low, Literal) and isinstance(high, Literal) and low.value > high.value:
        raise ArgumentError(f"clip() got x_min={low.value} above x_max={high.value}. Exchange them.")


@composite(
    canonical=chained(promoting("x", "x_min", "x_max"), _refuse_empty_range),
    accepts="iuf",
    cases=[
        Case((Sample(("batch", 3)), -0.5, 1.0), label="numbers", bound=EXACT),
        *exact(ALL_FLOATS[1:], Sample((4, 3)), -0.5, 1.0, label="numbers"),
        Case((Sample(("batch", 3)), Sample((3,), -1, -0.5), Sample(("batch", 1), 0.5, 1)), label="arrays", bound=EXACT),
        *exact(["float32", *HALVES], Sample(values=[_INF, -_INF, _NAN, 0.0]), -0.5, 1.0, label="special"),
        *exact(["float32"], Sample(values=[-_INF, _INF, 3.0]), -_INF, _INF, label="no bounds"),
        *exact(["float32"], 0.5, Sample(values=[_NAN, 0.0]), Sample(values=[1.0, _NAN]), label="NaN as a bound"),
        Case((Sample(values=[-0.5, 1.0, 0.0, 2.0]), -0.5, 1.0), label="divergence-30", bound=EXACT, smooth=False),
        Case(
            (Sample(values=[-0.5, 1.0, 0.0]), Sample(values=[-0.5]), Sample(values=[1.0])),
            label="divergence-30 with arrays",
            bound=EXACT,
            smooth=False,
        ),
        *exact(["float32"], Sample(("batch", 3)), 1.0, Sample(values=[-1.0]), label="empty range"),
        *exact(["int32", "int8", "uint8", "int64"], Sample((3, 4), 0, 9), 2, 5, label="integers"),
        *exact(["int32"], Sample((3, 4), -9, 9), -1.5, 1.5, label="integers between floats"),
    ],
)
def clip(x: Array, x_min: Array, x_max: Array) -> Any:
    """The elements limited to a range: y = min(max(x, x_min), x_max). The gradient at the bounds is 1; NaN stays.

    Arguments:
        x: Numbers.
        x_min, x_max: Numbers or arrays that broadcast with `x`; where x_min > x_max the result is x_max.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ArgumentError: for Python numbers with x_min > x_max.

    Source: array API standard 2024.12, clip.

    Example:
        >>> ops.clip([-3, 0, 7], 0, 5).tolist()
        [0, 0, 5]
    """
    raised = where(less(x, x_min), x_min, x)
    return where(greater(raised, x_max), x_max, raised)


@composite(
    cases=[
        *exact(ALL_FLOATS, Sample(values=[_NAN, _INF, -_INF, 1.5]), label="defaults"),
        *exact(
            ["float32", *HALVES],
            Sample(values=[_NAN, _INF, -_INF, 1.5]),
            label="values",
            nan=2.0,
            posinf=3.0,
            neginf=-3.0,
        ),
        *exact(["float32"], Sample(values=[_NAN, _INF, -_INF]), label="NaN to infinity", nan=_INF),
        Case((Sample(("batch", 3)),), label="batch", bound=EXACT),
        Case((Sample(values=[_NAN, _INF, -_INF, 1.5]),), label="gradient", bound=EXACT, smooth=False),
        *exact(["int32", "bool"], Sample((3,), 0, 9), label="integers"),
    ],
)
def nan_to_num(x: Array, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """Finite numbers in place of NaN and infinities; gradient 0 where something was replaced.

    Arguments:
        x: Numbers.
        nan: What replaces NaN.
        posinf, neginf: What replaces the infinities; None means the largest and smallest finite number of the dtype.

    Returns:
        The shape and dtype of `x`.

    Source: NumPy 2, nan_to_num.

    Example:
        >>> ops.nan_to_num([float("nan"), 1.0]).tolist()
        [0.0, 1.0]
    """
    if not x.dtype.is_float:
        return x
    largest = float(ml_dtypes.finfo(x.dtype.numpy).max)
    y = where(isnan(x), nan, x)
    y = where(equal(y, _INF), largest if posinf is None else posinf, y)
    return where(equal(y, -_INF), -largest if neginf is None else neginf, y)


@composite(
    canonical=promoting("x1", "x2", to_float=True),
    cases=[
        Case((Sample(("batch", 3)), Sample(("batch", 3), 0.5, 3)), label="batch"),
        Case((Sample((4, 3)), Sample((3,), 0.5, 3)), {}, "batch", ALL_FLOATS[1:], differentiable=False),
        Case((Sample(values=[1.0, 0.0, _NAN, 3.0]), Sample(values=[0.0, -0.0, 0.0, 2.0])), label="zeros", smooth=False),
        Case((Sample(values=[1.0, _INF, 2.0]), Sample(values=[_INF, _INF, _NAN])), {}, "special", differentiable=False),
        Case((Sample(values=[6, 0, 5]), Sample(values=[4, 0, 0])), {}, "integers", ("int32",)),
        Case((1.0, Sample(values=[0.0, 4.0])), {}, "number", smooth=False),
    ],
)
def divide_no_nan(x1: Array, x2: Array) -> Any:
    """Quotient that is 0 wherever the divisor is 0: y = x1 / x2 where x2 != 0, else 0, with gradient 0 there.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast.

    Returns:
        The broadcast shape, in the float dtype both are promoted to.

    Source: Keras 3, ops.divide_no_nan.

    Example:
        >>> ops.divide_no_nan([1.0, 3.0], [0.0, 2.0]).tolist()
        [0.0, 1.5]
    """
    zero = equal(x2, 0.0)
    return where(zero, 0.0, divide(x1, where(zero, 1.0, x2)))
