"""Arithmetic, element by element. Operands meet in one dtype and broadcast by NumPy's rule; integers wrap around."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.graph.ir import Spec
from multiback.ops._cases import Bound, Case, Sample, exact, special
from multiback.ops._cases import elementwise as cases
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import elementwise, like, promoting

_INF, _NAN = float("inf"), float("nan")
_FLOATS = ("float32", "float16", "bfloat16")
_BINARY = promoting("x1", "x2")
_INTEGER_PAIR = exact(["int32"], Sample((3, 4), -9, 9), Sample((4,), -9, 9), label="integers")
_WRAPPING = exact(["int32"], Sample(values=[2**31 - 1, -(2**31)]), Sample(values=[3, -5]), label="integers that wrap")

_UNSIGNED = exact(["uint8"], Sample(values=[3, 200, 0]), label="unsigned")


def _sum_of_magnitudes(x1: Any, x2: Any) -> Any:
    return np.abs(x1) + np.abs(x2)


@primitive(
    canonical=_BINARY,
    accepts="iuf",
    cases=cases(2, scale=_sum_of_magnitudes, dtypes=_FLOATS)
    + special([_INF, -_INF, _NAN], 2)
    + _INTEGER_PAIR
    + _WRAPPING,
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
    accepts="iuf",
    cases=cases(2, scale=_sum_of_magnitudes, dtypes=_FLOATS)
    + special([_INF, -_INF, _NAN], 2)
    + _INTEGER_PAIR
    + _WRAPPING,
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
    accepts="iuf",
    cases=cases(2, dtypes=_FLOATS) + special([_INF, 0.0, -1.0, _NAN], 2) + _INTEGER_PAIR + _WRAPPING,
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


_DIVISIONS = [
    Case((Sample(("batch", 3)), Sample(("batch", 3), transform=_away_from_zero)), label="batch", dtypes=_FLOATS),
    Case((Sample(("batch", 1, 3)), Sample((4, 1), transform=_away_from_zero)), label="broadcast"),
]


@primitive(
    canonical=promoting("x1", "x2", to_float=True),
    cases=[
        *_DIVISIONS,
        *special([_INF, 0.0, -1.0, 3.0, _NAN], 2),
        Case((Sample(values=[1, -7, 5]), Sample(values=[2, 2, 0])), label="integers", dtypes=["int32"]),
        Case((3.0, Sample(("batch", 3), transform=_away_from_zero)), label="number", bound=Bound(1)),
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


_QUOTIENTS = [
    Case(
        (Sample(("batch", 3), -9, 9), Sample(("batch", 3), -2, 2, transform=_away_from_zero)),
        label="batch",
        dtypes=_FLOATS,
    ),
    *special([_INF, -_INF, 0.0, -1.0, 7.0, 0.1, _NAN], 2),
    *exact(["int32"], Sample(values=[7, -7, 7, -7, 0, -(2**31)]), Sample(values=[2, 2, -2, -2, 5, -1]), label="signs"),
    *exact(["int32"], Sample(values=[7, -7, 0]), Sample(values=[0, 0, 0]), label="zero divisor"),
    *exact(["int32"], Sample((3, 4), -30, 30), 7, label="number"),
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
    cases=[
        Case(c.operands, c.attributes, c.label, c.dtypes, Bound(8, _sum_of_magnitudes), c.differentiable)
        for c in _QUOTIENTS
    ],
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
    accepts="if",
    cases=cases(dtypes=_FLOATS) + special([_INF, -_INF, 0.0, _NAN]) + exact(["int32"], Sample(values=[3, -(2**31)])),
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
    accepts="iuf",
    cases=[
        *cases(dtypes=_FLOATS),
        *special([_INF, -_INF, 0.0, _NAN]),
        *exact(["int32"], Sample(values=[3, -3, 0, -(2**31)])),
        *_UNSIGNED,
        Case((Sample(values=[-1.0, 0.0, 2.0]),), label="gradient at zero"),
    ],
)
def abs(x: Array) -> Spec:
    """Magnitude: y = |x|. The gradient at 0 is 0; the smallest integer stays as it is.

    Arguments:
        x: Numbers.

    Returns:
        The shape and dtype of `x`.

    Source: array API standard 2024.12, abs.

    Example:
        >>> ops.abs([1, -2]).tolist()
        [1, 2]
    """
    return like(x)


abs.meaning(np.abs)


@abs.vjp
def _(g, y, x):
    return g * sign(x)


absolute = abs


@primitive(
    accepts="iuf",
    cases=cases()
    + special([_INF, -_INF, 0.0, -0.0, _NAN, 3.0])
    + exact(["int32"], Sample(values=[3, -3, 0]))
    + _UNSIGNED,
)
def sign(x: Array) -> Spec:
    """Sign: y = 1 where x > 0, -1 where x < 0, 0 where x is a zero of either sign, NaN where x is. No gradient flows.

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
    cases=[Case((Sample(("batch", 3), transform=_away_from_zero),), label="batch"), *special([_INF, 0.0, -2.0, _NAN])],
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
