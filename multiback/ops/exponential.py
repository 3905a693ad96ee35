"""Powers, roots, exponentials, logarithms and the error function, element by element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from multiback.errors import ArgumentError
from multiback.graph.ir import Literal, Spec
from multiback.ops._cases import ALL_FLOATS, HALVES, SIGNED, UNSIGNED, Bound, Case, Sample, every_half, exact, special
from multiback.ops._cases import elementwise as cases
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import chained, elementwise, like, promoting
from multiback.ops.arithmetic import abs, divide, multiply, negative, subtract
from multiback.ops.comparison import equal, isinf, logical_or
from multiback.ops.selection import maximum, minimum, where

_INF, _NAN = float("inf"), float("nan")
_INTEGERS = Case((Sample((3, 4), 0, 9),), {}, "integers", ("int32", "bool"))
_DENORMAL = Case((Sample(values=[1e-40]),), {}, "divergence-25", differentiable=False)
_FLOAT = promoting("x", to_float=True)


def _power_of_halves(exponent: float) -> Case:
    return Case((Sample((40,), 0.1, 9), exponent), {}, f"exponent {exponent}", HALVES, differentiable=False)


def _refuse_negative_power(call: dict[str, Any]) -> None:
    exponent = call["x2"]
    if isinstance(exponent, Literal) and exponent.dtype.is_integer and exponent.value < 0:
        raise ArgumentError(
            f"power() got integers and the exponent {exponent.value}, whose result is not an integer. "
            "Cast the base to a float with ops.cast."
        )


@primitive(
    canonical=chained(promoting("x1", "x2"), _refuse_negative_power),
    accepts="iufc",
    cases=[
        Case((Sample(("batch", 3), 0.2, 4), Sample(("batch", 3), -3, 3)), label="batch", bound=Bound(16)),
        Case((Sample((4, 3), 0.2, 4), Sample((3,), -3, 3)), {}, "batch", ALL_FLOATS[1:], Bound(16), False),
        Case((Sample(("batch", 1, 3), 0.2, 4), Sample((4, 1), -3, 3)), label="broadcast", bound=Bound(16)),
        *(Case((Sample(("batch", 3), -3, 3), n), label=f"exponent {n}") for n in (1.0, 2.0, 3.0, 0.0)),
        *(Case((Sample((3,), 0.5, 3), n), label=f"exponent {n}") for n in (0.5, -0.5, -1.0, -2.0)),
        *(_power_of_halves(n) for n in (2.0, 0.5, -1.0)),
        Case((2.0, Sample(("batch", 3), -4, 4)), label="base 2"),
        Case((Sample(values=[0.0, 0.0, 2.0]), Sample(values=[1.0, 2.0, 0.0])), label="gradient at zero", smooth=False),
        *special([_INF, -_INF, 0.0, -0.0, 1.0, -1.0, -2.0, 0.5, 3.0, _NAN], 2),
        Case(
            (Sample(values=[10.0, 10.0, 1.0000001, 0.5]), Sample(values=[38.0, 39.0, 1e7, 140.0])),
            label="extremes",
            # The error of u in log(x1) is multiplied by x2 log(x1), at most 88 before overflow.
            bound=Bound(16, lambda x1, x2: x1**x2 * (1 + np.abs(x2 * np.log(x1)))),
            differentiable=False,
        ),
        *exact(SIGNED, Sample(values=[3, -2, 0, 0, 1, 5]), Sample(values=[4, 5, 0, 3, 9, 2]), label="integers"),
        *exact(SIGNED, Sample(values=[1, -1, -1, 5, 0]), Sample(values=[-1, -2, -3, -1, 2]), label="divergence-10"),
        *exact(["int32"], Sample(values=[3, -7]), Sample(values=[30, 21]), label="integers that wrap"),
        *exact(["int32"], Sample((5,), -5, 5), 3, label="integer and number"),
        *exact(["int32"], 2, Sample((5,), 0, 30), label="number and integer"),
        Case((Sample(values=[4, 9]), 0.5), {}, "integers to a float", ("int32",)),
        *exact(UNSIGNED, Sample(values=[3, 200, 0]), Sample(values=[2, 3, 0]), label="unsigned"),
    ],
)
def power(x1: Array, x2: Array) -> Spec:
    """Power, element by element: y = x1 ** x2.

    Integers wrap; an integer to a negative power is cut off toward 0, so that it is 0 unless x1 is 1 or -1.
    The gradient for x2 is y * log(x1) where x1 > 0, 0 where x1 == 0, and is not defined for negative x1.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Raises:
        ArgumentError: for integers and a negative Python integer as the exponent.

    Source: array API standard 2024.12, pow.

    Example:
        >>> ops.power([1.0, 3.0], 2).tolist()
        [1.0, 9.0]
    """
    return elementwise(x1, x2)


@power.meaning
def _(x1: Any, x2: Any) -> Any:
    if np.asarray(x1).dtype.kind not in "iu":
        return np.power(x1, x2)
    negative = np.less(x2, 0)
    unit = np.where(np.equal(x1, 1) | (np.equal(x1, -1) & np.equal(np.bitwise_and(x2, 1), 0)), 1, 0)
    unit = np.where(np.equal(x1, -1) & np.equal(np.bitwise_and(x2, 1), 1), -1, unit)
    return np.where(negative, unit, np.power(x1, np.where(negative, 0, x2))).astype(x1.dtype)


@power.vjp
def _(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    return _power_base_gradient(g, x1, x2), _power_exponent_gradient(g, y, x1)


def _power_base_gradient(g: Any, x1: Any, x2: Any) -> Any:
    if isinstance(x1, Literal):
        return None
    if isinstance(x2, Literal):
        return g * (power(x1, x2.value - 1) * x2.value) if x2.value else None
    return g * (x2 * power(x1, where(equal(x2, 0.0), 1.0, x2 - 1)))


def _power_exponent_gradient(g: Any, y: Any, x1: Any) -> Any:
    if isinstance(x1, Literal):
        return g * y * math.log(x1.value) if x1.value > 0 else None
    zero = equal(x1, 0.0)
    return g * where(zero, 0.0, y * log(where(zero, 1.0, x1)))


pow = power


@composite(
    cases=[
        *cases(c=1),
        *every_half(-250, 250, c=1),
        *special([_INF, -_INF, 0.0, _NAN, 1e30]),
        *exact(SIGNED, Sample((4,), -9, 9), label="integers"),
        *exact(UNSIGNED, Sample(values=[3, 20, 0]), label="unsigned"),
    ]
)
def square(x: Array) -> Any:
    """Square: y = x * x. Integers stay integers and wrap.

    Arguments:
        x: Numbers.

    Returns:
        The shape and dtype of `x`.

    Source: array API standard 2024.12, square.

    Example:
        >>> ops.square([1, -3]).tolist()
        [1, 9]
    """
    return multiply(x, x)


# 2 ULP: neither is correctly rounded everywhere.
_ROOTS = [
    *cases(low=0.01, high=9, c=4),
    *every_half(1e-37, 6e4, c=4),
    *special([_INF, 0.0, -0.0, -1.0, -_INF, _NAN, 3e38, 2e-38], c=4),
    _INTEGERS,
]


@primitive(
    canonical=_FLOAT,
    cases=[
        *_ROOTS,
        Case((Sample(values=[0.0, 4.0]),), {}, "gradient at zero", smooth=False),
        _DENORMAL,
    ],
)
def sqrt(x: Array) -> Spec:
    """Square root: y = x ** (1/2); NaN for negative numbers. The gradient at 0 is infinite.

    Arguments:
        x: Numbers; integers become float32.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, sqrt.

    Example:
        >>> ops.sqrt([4.0, 9.0]).tolist()
        [2.0, 3.0]
    """
    return like(x)


sqrt.meaning(np.sqrt)
sqrt.vjp(lambda g, y, x: g * 0.5 / y)


@composite(canonical=_FLOAT, cases=_ROOTS)
def rsqrt(x: Array) -> Any:
    """Reciprocal square root: y = x ** (-1/2).

    Arguments:
        x: Numbers; integers become float32.

    Returns:
        The shape of `x`.

    Source: Keras 3, ops.rsqrt.

    Example:
        >>> ops.rsqrt([4.0]).tolist()
        [0.5]
    """
    return divide(1.0, sqrt(x))


@composite(
    canonical=promoting("x1", "x2", to_float=True),
    cases=[
        *cases(2, dtypes=ALL_FLOATS),
        *special([_INF, -_INF, 0.0, 3.0, _NAN], 2),
        Case(
            (Sample(values=[3e30, 1e-30, 0.0]), Sample(values=[4e30, 1e-30, 0.0])),
            label="extremes",
            differentiable=False,
        ),
        Case(
            (Sample(values=[3e4, 1e-4, 0.0]), Sample(values=[4e4, 1e-4, 0.0])), {}, "extremes", HALVES, Bound(), False
        ),
        Case((Sample(values=[0.0, 3.0, 0.0]), Sample(values=[0.0, 0.0, 4.0])), label="gradient at zero", smooth=False),
        Case((Sample(values=[3, -5]), 4), {}, "integers", ("int32",)),
    ],
)
def hypot(x1: Array, x2: Array) -> Any:
    """Length of the hypotenuse: y = sqrt(x1**2 + x2**2), without overflow; gradient 0 where both are 0.

    Infinite where either is, even if the other is NaN.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast; integers become float32.

    Returns:
        The broadcast shape.

    Source: array API standard 2024.12, hypot.

    Example:
        >>> ops.hypot(3.0, 4.0).tolist()
        5.0
    """
    first, second = abs(x1), abs(x2)
    larger, smaller = maximum(first, second), minimum(first, second)
    ratio = divide(smaller, where(equal(larger, 0.0), 1.0, larger))
    length = larger * sqrt(ratio * ratio + 1.0)
    return where(logical_or(isinf(x1), isinf(x2)), _INF, length)


@primitive(
    canonical=_FLOAT,
    cases=[
        *cases(low=-9, high=9),
        *every_half(-100, 88),
        *special([_INF, -_INF, 0.0, -0.0, _NAN, 88.7, 89.0, -87.3, -120.0]),
        _INTEGERS,
    ],
)
def exp(x: Array) -> Spec:
    """The exponential function: y = e ** x.

    Arguments:
        x: Numbers; integers become float32.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, exp.

    Example:
        >>> ops.exp([0.0]).tolist()
        [1.0]
    """
    return like(x)


exp.meaning(np.exp)
exp.vjp(lambda g, y, x: g * y)


@primitive(
    canonical=_FLOAT,
    cases=[
        *cases(low=-2.5, high=9),
        Case((Sample((20,), -1e-4, 1e-4),), label="near zero"),
        *every_half(-100, 88),
        *special([_INF, -_INF, 0.0, -0.0, _NAN, 89.0, -120.0, 1e-30]),
        _INTEGERS,
    ],
)
def expm1(x: Array) -> Spec:
    """The exponential less one: y = e ** x - 1, accurate near 0.

    Arguments:
        x: Numbers; integers become float32.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, expm1.

    Example:
        >>> ops.expm1([0.0]).tolist()
        [0.0]
    """
    return like(x)


expm1.meaning(np.expm1)
expm1.vjp(lambda g, y, x: g * (y + 1.0))


@composite(
    canonical=_FLOAT,
    cases=[*cases(low=-9, high=9), *every_half(-126, 127), *special([_INF, -_INF, 0.0, 3.0, _NAN, 128.0]), _INTEGERS],
)
def exp2(x: Array) -> Any:
    """Power of two: y = 2 ** x.

    Arguments:
        x: Numbers; integers become float32.

    Returns:
        The shape of `x`.

    Source: Keras 3, ops.exp2.

    Example:
        >>> ops.exp2([3.0]).tolist()
        [8.0]
    """
    return power(2.0, x)


_LOGARITHMS = [
    *cases(low=0.01, high=9),
    *every_half(1e-37, _INF),
    *special([_INF, 0.0, -0.0, -1.0, 1.0, _NAN, 1.0000001, 3e38, 2e-38]),
    _INTEGERS,
]


@primitive(canonical=_FLOAT, cases=[*_LOGARITHMS, _DENORMAL])
def log(x: Array) -> Spec:
    """The natural logarithm: y = log(x); -inf at 0, NaN for negative numbers.

    Arguments:
        x: Numbers; integers become float32.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, log.

    Example:
        >>> ops.log([1.0]).tolist()
        [0.0]
    """
    return like(x)


log.meaning(np.log)
log.vjp(lambda g, y, x: g / x)


@primitive(
    canonical=_FLOAT,
    cases=[
        *cases(low=-0.9, high=9),
        Case((Sample((20,), -1e-4, 1e-4),), label="near zero"),
        *every_half(-0.99, _INF),
        *special([_INF, 0.0, -0.0, -1.0, -2.0, _NAN, 3e38, 1e-30]),
        _INTEGERS,
    ],
)
def log1p(x: Array) -> Spec:
    """The natural logarithm of one more: y = log(1 + x), accurate near 0.

    Arguments:
        x: Numbers; integers become float32.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, log1p.

    Example:
        >>> ops.log1p([0.0]).tolist()
        [0.0]
    """
    return like(x)


log1p.meaning(np.log1p)
log1p.vjp(lambda g, y, x: g / (x + 1.0))


@composite(canonical=_FLOAT, cases=_LOGARITHMS)
def log2(x: Array) -> Any:
    """The logarithm to base 2: y = log(x) / log(2).

    Arguments:
        x: Numbers; integers become float32.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, log2.

    Example:
        >>> ops.log2([2.0]).tolist()
        [1.0]
    """
    return log(x) / math.log(2.0)


@composite(canonical=_FLOAT, cases=_LOGARITHMS)
def log10(x: Array) -> Any:
    """The logarithm to base 10: y = log(x) / log(10).

    Arguments:
        x: Numbers; integers become float32.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, log10.

    Example:
        >>> ops.log10([1.0]).tolist()
        [0.0]
    """
    return log(x) / math.log(10.0)


@composite(
    canonical=promoting("x1", "x2", to_float=True),
    cases=[
        *cases(2, low=-9, high=9, scale=lambda x1, x2: 1.0 + np.abs(x1) + np.abs(x2), dtypes=ALL_FLOATS),
        *special([_INF, -_INF, 0.0, _NAN], 2),
        Case((Sample(values=[1.0, 500.0]), Sample(values=[1.0, -500.0])), label="equal and far apart", smooth=False),
        Case((Sample(values=[1, -2]), 0), {}, "integers", ("int32",)),
    ],
)
def logaddexp(x1: Array, x2: Array) -> Any:
    """Logarithm of a sum of exponentials: y = log(exp(x1) + exp(x2)), without overflow.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast; integers become float32.

    Returns:
        The broadcast shape.

    Source: array API standard 2024.12, logaddexp.

    Example:
        >>> ops.logaddexp(0.0, float("-inf")).tolist()
        0.0
    """
    larger = maximum(x1, x2)
    distance = abs(subtract(x1, x2))
    return where(isinf(larger), larger, larger + log1p(exp(negative(distance))))


@primitive(
    canonical=_FLOAT,
    cases=[
        *cases(low=-4, high=4),
        Case((Sample((20,), -1e-3, 1e-3),), label="near zero"),
        *every_half(-5, 5),
        *special([_INF, -_INF, 0.0, -0.0, _NAN, 30.0, -30.0]),
        _INTEGERS,
    ],
)
def erf(x: Array) -> Spec:
    """The error function: y = 2 / sqrt(pi) * integral of exp(-t**2) from 0 to x.

    Arguments:
        x: Numbers; integers become float32.

    Returns:
        The shape of `x`.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.1.

    Example:
        >>> ops.erf([0.0]).tolist()
        [0.0]
    """
    return like(x)


@erf.meaning
def _(x: Any) -> Any:
    x = np.asarray(x)
    return np.array([math.erf(v) for v in x.ravel().tolist()], x.dtype).reshape(x.shape)


erf.vjp(lambda g, y, x: g * (exp(negative(x * x)) * (2.0 / math.sqrt(math.pi))))
