"""Arithmetic, element by element. Operands meet in one dtype and broadcast by NumPy's rule; integers wrap around.

Operands below the smallest normal number count as they are; results below it may be rounded to 0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.graph.ir import Spec
from multiback.graph.op import OPS
from multiback.ops._cases import (
    ALL_FLOATS,
    ALL_INTEGERS,
    EXACT,
    SIGNED,
    UNSIGNED,
    Bound,
    Case,
    Sample,
    every_half,
    exact,
    special,
)
from multiback.ops._cases import elementwise as cases
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import elementwise, like, promoting

_INF, _NAN = float("inf"), float("nan")
_BINARY = promoting("x1", "x2")
_INTEGERS = [
    *exact(ALL_INTEGERS, Sample((3, 4), 0, 120), Sample((4,), 0, 120), label="integers"),
    *exact(["int32"], Sample(values=[2**31 - 1, -(2**31)]), Sample(values=[3, -5]), label="integers that wrap"),
    *exact(
        ["int64"],
        Sample(values=[2**63 - 1, -(2**63)], dtype="int64"),
        Sample(values=[3, -5], dtype="int64"),
        label="integers that wrap",
    ),
    *exact(["uint8", "int8"], Sample(("batch", 3), 0, 100), 100, label="number"),
]
_DENORMAL = Sample(values=[1e-40, -1e-40])


def _sum_of_magnitudes(x1: Any, x2: Any) -> Any:
    return np.abs(x1) + np.abs(x2)


_SUMS = [
    *cases(2, c=1, scale=_sum_of_magnitudes, dtypes=ALL_FLOATS),
    *special([_INF, -_INF, 0.0, -0.0, _NAN], 2, c=0),
    *_INTEGERS,
    Case((Sample(("batch", 3)), 0.1), {}, "number", ALL_FLOATS, Bound(2, _sum_of_magnitudes), differentiable=False),
    Case((Sample(values=[3e38, 6e4]), Sample(values=[3e38, 6e4])), {}, "overflow", ALL_FLOATS, differentiable=False),
]


_PROMOTED = Bound(2, _sum_of_magnitudes)  # two roundings: of an operand and of the sum


def _promoted(result: str, label: str, first: Any, second: Any) -> Case:
    """Operands of two dtypes, one of them float32 unless it is given, and the dtype of their sum."""
    return Case((first, second), {}, label, bound=_PROMOTED, differentiable=False, result=(result,))


_PROMOTIONS = [
    _promoted("float32", "divergence-1", Sample((4,), -9, 9, dtype="int32"), Sample((3, 4))),
    _promoted("int32", "divergence-2", [1, 2, 3], Sample((3,), -9, 9, dtype="int8")),
    _promoted("float64", "divergence-4", Sample((3,), dtype="float64"), Sample((3,))),
    _promoted("float32", "divergence-4 constant", Sample((3,)), np.array([0.1, 0.2, 0.3])),
    _promoted("float32", "divergence-5", Sample((3,), dtype="float16"), Sample((3,))),
    _promoted("float32", "divergence-5 halves", Sample((3,), dtype="float16"), Sample((3,), dtype="bfloat16")),
    _promoted("float16", "divergence-5 integers", Sample((3,), dtype="float16"), Sample((3,), -9, 9, dtype="int32")),
    _promoted("int16", "signed and unsigned", Sample((3,), -9, 9, dtype="int8"), Sample((3,), 0, 200, dtype="uint8")),
    _promoted("uint8", "bools", Sample((3,), dtype="bool"), Sample((3,), 0, 200, dtype="uint8")),
]


@primitive(
    canonical=_BINARY,
    accepts="iufc",
    cases=_SUMS + _PROMOTIONS,
)
def add(x1: Array, x2: Array) -> Spec:
    """Sum, element by element: y = x1 + x2. Integers wrap.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Raises:
        DtypeError: for two bool arrays.
        ShapeError: if the shapes do not broadcast.

    Source: array API standard 2024.12, add.

    Example:
        >>> ops.add([1, 2], 3).tolist()
        [4, 5]
    """
    return elementwise(x1, x2)


add.meaning(np.add)
add.vjp(lambda g, y, x1, x2: (g, g))


@primitive(
    canonical=_BINARY,
    accepts="iufc",
    cases=_SUMS,
)
def subtract(x1: Array, x2: Array) -> Spec:
    """Difference, element by element: y = x1 - x2. Integers wrap.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Source: array API standard 2024.12, subtract.

    Example:
        >>> ops.subtract([1, 2], 3).tolist()
        [-2, -1]
    """
    return elementwise(x1, x2)


subtract.meaning(np.subtract)


@subtract.vjp
def _(g, y, x1, x2):
    return g, negative(g)


@primitive(
    canonical=_BINARY,
    accepts="iufc",
    cases=[
        *cases(2, c=1, dtypes=ALL_FLOATS),
        *special([_INF, 0.0, -0.0, -1.0, _NAN], 2, c=0),
        *_INTEGERS,
        Case((Sample(("batch", 3)), 0.1), {}, "number", ALL_FLOATS, Bound(2), differentiable=False),
        Case((Sample(values=[3e38, -3e4]), Sample(values=[10, 10])), {}, "overflow", ALL_FLOATS, differentiable=False),
        Case((_DENORMAL, 1e10), {}, "divergence-25", differentiable=False),
    ],
)
def multiply(x1: Array, x2: Array) -> Spec:
    """Product, element by element: y = x1 * x2. Integers wrap.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Source: array API standard 2024.12, multiply.

    Example:
        >>> ops.multiply([1, 2], 3).tolist()
        [3, 6]
    """
    return elementwise(x1, x2)


multiply.meaning(np.multiply)
multiply.vjp(lambda g, y, x1, x2: (g * x2, g * x1))


def _away_from_zero(x: np.ndarray) -> np.ndarray:
    return np.where(x < 0, x - 0.5, x + 0.5)


# XLA multiplies by the reciprocal of a divisor that it broadcasts: two roundings.
_QUOTIENT = Bound(2.01)
_DIVISOR = Sample(("batch", 3), transform=_away_from_zero)


@primitive(
    canonical=promoting("x1", "x2", to_float=True),
    cases=[
        Case((Sample(("batch", 3)), _DIVISOR), label="batch", bound=_QUOTIENT),
        Case((Sample((4, 3)), Sample((3,), 0.5, 2)), {}, "batch", ALL_FLOATS[1:], _QUOTIENT, False),
        Case((Sample(("batch", 1, 3)), Sample((4, 1), transform=_away_from_zero)), label="broadcast", bound=_QUOTIENT),
        *special([_INF, 0.0, -0.0, -1.0, 3.0, _NAN], 2, c=1),
        Case((Sample(values=[3e38, 1e-30]), Sample(values=[1e-5, 1e30])), label="overflow", differentiable=False),
        Case(
            (Sample(values=[1, 7, 5]), Sample(values=[2, 2, 0])),
            {},
            "divergence-3",
            ("int32", "uint8", "int64"),
            result=("float32",) * 3,
        ),
        Case((Sample((3,), dtype="bool"), Sample((3,), 1, 9, dtype="int8")), label="bools", differentiable=False),
        Case((3.0, _DIVISOR), label="number", bound=_QUOTIENT),
        Case((Sample(("batch", 3)), 3.0), label="by a number", bound=_QUOTIENT),
    ],
)
def divide(x1: Array, x2: Array) -> Spec:
    """Quotient, element by element: y = x1 / x2. Integers become float32; a number divided by zero is infinite or NaN.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast.

    Returns:
        The broadcast shape, in the float dtype both are promoted to.

    Source: array API standard 2024.12, divide.

    Example:
        >>> ops.divide([1, 3], 2).tolist()
        [0.5, 1.5]
    """
    return elementwise(x1, x2)


divide.meaning(np.divide)


@divide.vjp
def _(g, y, x1, x2):
    return g / x2, negative(g * y / x2)


true_divide = divide


_ODD_DIVISOR = Sample(("batch", 3), -2, 2, transform=_away_from_zero)
_SIGNS = (Sample(values=[7, -7, 7, -7, 0]), Sample(values=[2, 2, -2, -2, 5]))
_HUGE = Sample(values=[2**63 + 1, 2**63], dtype="uint64")
_QUOTIENTS = [
    Case((Sample(("batch", 3), -9, 9), _ODD_DIVISOR), label="batch"),
    Case((Sample((4, 3), -9, 9), Sample((3,), 0.5, 3)), {}, "batch", ALL_FLOATS[1:], differentiable=False),
    *special([_INF, -_INF, 0.0, -1.0, 7.0, 0.1, _NAN], 2),
    Case(
        (Sample(values=[1e10, 2.0**24 + 2, -1e-30, 5.5, -5.5, 1e30]), Sample(values=[3, 2, 5, -0.1, 0.1, 7])),
        label="large",
        differentiable=False,
    ),
    *exact(SIGNED, *_SIGNS, label="signs"),
    *exact(["int32"], Sample(values=-(2**31)), Sample(values=-1), label="quotient that wraps"),
    *exact(UNSIGNED, Sample(("batch", 3), 0, 200), Sample((3,), 1, 9), label="unsigned"),
    *exact(ALL_INTEGERS, Sample(values=[7, 100, 0]), Sample(values=[0, 0, 0]), label="divergence-9"),
    *exact(["uint64"], _HUGE, Sample(values=[7, 2**64 - 1], dtype="uint64"), label="beyond int64"),
    *exact(["int32"], Sample((3, 4), -30, 30), 7, label="number"),
    *exact(["int32"], 100, Sample(values=[7, -7, 0]), label="number first"),
]


def _unless_zero(function: Any, x1: Any, x2: Any) -> Any:
    if np.asarray(x1).dtype.kind not in "iu":
        return function(x1, x2)
    zero = np.equal(x2, 0)
    return np.where(zero, 0, function(x1, np.where(zero, 1, x2))).astype(x1.dtype)


@primitive(canonical=_BINARY, accepts="iuf", cases=_QUOTIENTS)
def floor_divide(x1: Array, x2: Array) -> Spec:
    """Quotient rounded down: y = floor(x1 / x2), of the exact quotient. No gradient flows.

    An integer divided by zero gives 0; a float divided by zero gives x1 / x2. x1 == y * x2 + remainder(x1, x2).

    Arguments:
        x1, x2: Numbers, of shapes that broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Source: array API standard 2024.12, floor_divide; Python's `//`.

    Example:
        >>> ops.floor_divide([7, -7], 2).tolist()
        [3, -4]
    """
    return elementwise(x1, x2)


floor_divide.meaning(lambda x1, x2: _unless_zero(np.floor_divide, x1, x2))
floor_divide.vjp(lambda g, y, x1, x2: (None, None))


@primitive(
    canonical=_BINARY,
    accepts="iuf",
    cases=[replace(c, bound=Bound(8, _sum_of_magnitudes)) for c in _QUOTIENTS],
)
def remainder(x1: Array, x2: Array) -> Spec:
    """Remainder of floor division, with the sign of x2: y = x1 - floor(x1 / x2) * x2.

    An integer divided by zero leaves 0; a float divided by zero leaves NaN.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Source: array API standard 2024.12, remainder; Python's `%`.

    Example:
        >>> ops.remainder([7, -7], 3).tolist()
        [1, 2]
    """
    return elementwise(x1, x2)


remainder.meaning(lambda x1, x2: _unless_zero(np.remainder, x1, x2))


@remainder.vjp
def _(g, y, x1, x2):
    return g, negative(g * floor_divide(x1, x2))


mod = remainder


@primitive(
    accepts="ifc",
    cases=[
        *cases(c=0),
        *every_half(-_INF, _INF, c=0),
        *special([_INF, -_INF, 0.0, _NAN], c=0),
        *exact(SIGNED, Sample(values=[3, -7, 0, -128]), label="integers"),
        *exact(["int32"], Sample(values=[-(2**31)]), label="integers that wrap"),
    ],
)
def negative(x: Array) -> Spec:
    """The elements with the opposite sign: y = -x. Integers wrap.

    Arguments:
        x: Floats or signed integers.

    Returns:
        The shape and dtype of `x`.

    Raises:
        DtypeError: for unsigned integers and bools.

    Source: array API standard 2024.12, negative.

    Example:
        >>> ops.negative([1, -2]).tolist()
        [-1, 2]
    """
    return like(x)


negative.meaning(np.negative)
negative.vjp(lambda g, y, x: negative(g))


@primitive(
    accepts="iufc",
    cases=[
        *cases(c=0),
        *every_half(-_INF, _INF, c=0),
        *special([_INF, -_INF, 0.0, -0.0, _NAN], c=0),
        *exact(SIGNED, Sample(values=[3, -7, 0, -128]), label="integers"),
        *exact(["int32"], Sample(values=[-(2**31)]), label="integers that wrap"),
        *exact(UNSIGNED, Sample(values=[3, 200, 0]), label="unsigned"),
        Case((Sample(values=[-1.0, 0.0, -0.0, 2.0]),), label="divergence-31", bound=EXACT, smooth=False),
    ],
)
def abs(x: Array) -> Spec:
    """Magnitude: y = |x|. The gradient at 0 is 0; the smallest integer stays as it is.

    Arguments:
        x: Numbers.

    Returns:
        The shape and dtype of `x`; for complex numbers the dtype of their parts.

    Source: array API standard 2024.12, abs.

    Example:
        >>> ops.abs([1, -2]).tolist()
        [1, 2]
    """
    return like(x, dtypes.real_of(x.dtype))


abs.meaning(np.abs)


@abs.vjp
def _(g, y, x):
    return g * sign(x)


absolute = abs


@primitive(
    accepts="iufc",
    cases=[
        *cases(c=0),
        *every_half(1e-37, _INF, c=0),
        Case((Sample(values=[_INF, -_INF, 0.0, -0.0, _NAN, 3.0]),), {}, "divergence-21", ALL_FLOATS, EXACT, False),
        *exact(SIGNED, Sample(values=[3, -7, 0, -128]), label="integers"),
        *exact(UNSIGNED, Sample(values=[3, 200, 0]), label="unsigned"),
        Case((_DENORMAL,), {}, "divergence-25", differentiable=False),
    ],
)
def sign(x: Array) -> Spec:
    """Sign: y = 1 where x > 0, -1 where x < 0, 0 where x is a zero of either sign, NaN where x is. No gradient flows.

    Of a complex number x / |x|.

    Arguments:
        x: Numbers.

    Returns:
        The shape and dtype of `x`.

    Source: array API standard 2024.12, sign.

    Example:
        >>> ops.sign([5, -2, 0]).tolist()
        [1, -1, 0]
    """
    return like(x)


sign.meaning(np.sign)
sign.vjp(lambda g, y, x: None)


@composite(
    canonical=promoting("x", to_float=True),
    cases=[
        Case((_DIVISOR,), label="batch", bound=Bound(4)),  # 2 ULP, as WebNN allows
        *every_half(1e-4, 6e4, c=4),
        *special([_INF, -_INF, 0.0, -0.0, -2.0, _NAN], c=0),
        Case((Sample(values=[1, -3, 0]),), {}, "integers", ("int32",)),
    ],
)
def reciprocal(x: Array) -> Any:
    """Reciprocal: y = 1 / x. Integers become float32.

    Arguments:
        x: Numbers.

    Returns:
        The shape of `x`, in its float dtype.

    Source: array API standard 2024.12, reciprocal.

    Example:
        >>> ops.reciprocal([1, 2]).tolist()
        [1.0, 0.5]
    """
    return divide(1.0, x)


@composite(accepts="iufc", cases=cases(dtypes=("float32", "int32")))
def positive(x: Array) -> Any:
    """The elements as they are: y = +x.

    Arguments:
        x: Numbers.

    Returns:
        The shape and dtype of `x`.

    Source: array API standard 2024.12, positive.

    Example:
        >>> ops.positive([1, -2]).tolist()
        [1, -2]
    """
    return OPS["broadcast_to"](x, x.shape)
