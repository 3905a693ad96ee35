"""Trigonometric and hyperbolic functions, element by element; angles in radians, integers become float32.

Complex inverse functions follow Kahan 1987, Branch cuts for complex elementary functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.graph.ir import Literal, Spec
from multiback.ops._cases import ALL_FLOATS, Bound, Case, Sample, every_half, special
from multiback.ops._cases import elementwise as cases
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import elementwise, like, promoting
from multiback.ops.arithmetic import divide, negative, subtract
from multiback.ops.complex_numbers import complex, conj, imag, real
from multiback.ops.exponential import log1p, sqrt

_INF, _NAN = float("inf"), float("nan")
_FLOAT = promoting("x", to_float=True)
_EDGES = special([_INF, -_INF, 0.0, -0.0, _NAN])
_INTEGERS = Case((Sample(values=[0, 1]),), {}, "integers", ("int32", "bool"))
_NEAR_ZERO = Case((Sample((20,), -1e-3, 1e-3),), label="near zero")


def _exponential(function: Any) -> Any:
    """An error of u in x, such as that of x - log(2), is an error of |x| u in its exponential."""
    return lambda x: np.maximum(np.abs(x), 1.0) * np.abs(function(x))


_NEAR_OVERFLOW = Sample(values=[89.2, -89.2])


def _one(x: Any) -> Any:
    return np.ones_like(x)


_WAVES = [
    *cases(low=-7, high=7, scale=_one),
    *every_half(-60, 60, scale=_one),
    Case((Sample(values=[1e4, 1e6, -1e10, 3e38]),), {}, "huge", ("float32", "bfloat16"), Bound(8, _one), False),
    *_EDGES,
    _INTEGERS,
]


@primitive(canonical=_FLOAT, cases=_WAVES)
def sin(x: Array) -> Spec:
    """Sine: y = sin(x).

    Arguments:
        x: Angles.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, sin.

    Example:
        >>> ops.sin([0.0]).tolist()
        [0.0]
    """
    return like(x)


sin.meaning(np.sin)


@sin.vjp
def _(g, y, x):
    return g * cos(x)


@primitive(canonical=_FLOAT, cases=_WAVES)
def cos(x: Array) -> Spec:
    """Cosine: y = cos(x).

    Arguments:
        x: Angles.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, cos.

    Example:
        >>> ops.cos([0.0]).tolist()
        [1.0]
    """
    return like(x)


cos.meaning(np.cos)
cos.vjp(lambda g, y, x: negative(g * sin(x)))


@composite(canonical=_FLOAT, cases=[*cases(low=-1.4, high=1.4), _NEAR_ZERO, *every_half(-1.5, 1.5), *_EDGES, _INTEGERS])
def tan(x: Array) -> Any:
    """Tangent: y = sin(x) / cos(x).

    Arguments:
        x: Angles.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, tan.

    Example:
        >>> ops.tan([0.0]).tolist()
        [0.0]
    """
    return divide(sin(x), cos(x))


tan.meaning(np.tan)


@primitive(
    canonical=promoting("x1", "x2", to_float=True),
    cases=[
        *cases(2, dtypes=ALL_FLOATS),
        *special([0.0, -0.0, 1.0, -1.0, _INF, -_INF, _NAN], 2),
        Case(
            (Sample(values=[1e-30, 1e30, -3e38]), Sample(values=[1e30, 1e-30, 3e38])),
            {},
            "extremes",
            differentiable=False,
        ),
        Case((Sample(values=[1, -3]), 2), {}, "integers", ("int32",)),
    ],
)
def arctan2(x1: Array, x2: Array) -> Spec:
    """Angle of the point (x2, x1) from the positive horizontal axis, in (-pi, pi]: y = arctan(x1 / x2) in its quadrant.

    Arguments:
        x1: Vertical coordinates.
        x2: Horizontal coordinates; the shapes broadcast.

    Returns:
        The broadcast shape.

    Source: array API standard 2024.12, atan2.

    Example:
        >>> ops.arctan2([0.0], [1.0]).tolist()
        [0.0]
    """
    return elementwise(x1, x2)


arctan2.meaning(np.arctan2)


@arctan2.vjp
def _(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    share = g / (_squared(x1) + _squared(x2))
    return share * x2, negative(share * x1)


def _squared(x: Any) -> Any:
    return x.value**2 if isinstance(x, Literal) else x * x


@composite(
    canonical=_FLOAT,
    cases=[
        *cases(low=-0.95, high=0.95),
        _NEAR_ZERO,
        *every_half(-1, 1),
        *special([1.0, -1.0, 0.0, 2.0, -1.5, _INF, _NAN]),
        _INTEGERS,
    ],
)
def arcsin(x: Array) -> Any:
    """Inverse sine, in [-pi/2, pi/2]: y = arctan2(x, sqrt((1 - x)(1 + x))); NaN outside [-1, 1].

    Arguments:
        x: Numbers from -1 to 1.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, asin.

    Example:
        >>> ops.arcsin([0.0]).tolist()
        [0.0]
    """
    if x.dtype.is_complex:
        return _arcsin_of_complex(x)
    return arctan2(x, sqrt((1.0 - x) * (x + 1.0)))


arcsin.meaning(np.arcsin)


def _arcsin_of_complex(x: Any) -> Any:
    left, right = sqrt(1.0 - x), sqrt(x + 1.0)
    return complex(arctan2(real(x), real(left * right)), arcsinh(imag(conj(left) * right)))


@composite(
    canonical=_FLOAT,
    cases=[
        *cases(low=-0.95, high=0.95),
        *every_half(-1, 0.99),
        *special([1.0, -1.0, 0.0, 2.0, -1.5, _INF, _NAN]),
        _INTEGERS,
    ],
)
def arccos(x: Array) -> Any:
    """Inverse cosine, in [0, pi]: y = arctan2(sqrt((1 - x)(1 + x)), x); NaN outside [-1, 1].

    Arguments:
        x: Numbers from -1 to 1.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, acos.

    Example:
        >>> ops.arccos([1.0]).tolist()
        [0.0]
    """
    if x.dtype.is_complex:
        left, right = sqrt(1.0 - x), sqrt(x + 1.0)
        return complex(2.0 * arctan2(real(left), real(right)), arcsinh(imag(conj(right) * left)))
    return arctan2(sqrt((1.0 - x) * (x + 1.0)), x)


arccos.meaning(np.arccos)


@composite(
    canonical=_FLOAT,
    cases=[
        *cases(low=-7, high=7),
        _NEAR_ZERO,
        *every_half(-_INF, _INF),
        *special([_INF, -_INF, 0.0, _NAN, 1e30]),
        _INTEGERS,
    ],
)
def arctan(x: Array) -> Any:
    """Inverse tangent, in [-pi/2, pi/2]: y = arctan2(x, 1).

    Arguments:
        x: Numbers.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, atan.

    Example:
        >>> ops.arctan([0.0]).tolist()
        [0.0]
    """
    if x.dtype.is_complex:
        turned = arctanh(complex(negative(imag(x)), real(x)))
        return complex(imag(turned), negative(real(turned)))
    return arctan2(x, 1.0)


arctan.meaning(np.arctan)


@primitive(
    canonical=_FLOAT,
    cases=[
        *cases(low=-9, high=9, scale=_exponential(np.sinh)),
        _NEAR_ZERO,
        *every_half(-11, 11, scale=_exponential(np.sinh)),
        *_EDGES,
        Case((_NEAR_OVERFLOW,), label="near overflow", bound=Bound(8, _exponential(np.sinh), gradient=720)),
        _INTEGERS,
    ],
)
def sinh(x: Array) -> Spec:
    """Hyperbolic sine: y = (e**x - e**-x) / 2.

    Arguments:
        x: Numbers.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, sinh.

    Example:
        >>> ops.sinh([0.0]).tolist()
        [0.0]
    """
    return like(x)


sinh.meaning(np.sinh)


@sinh.vjp
def _(g, y, x):
    return g * cosh(x)


@primitive(
    canonical=_FLOAT,
    cases=[
        *cases(low=-9, high=9, scale=_exponential(np.cosh)),
        *every_half(-11, 11, scale=_exponential(np.cosh)),
        *_EDGES,
        Case((_NEAR_OVERFLOW,), label="near overflow", bound=Bound(8, _exponential(np.cosh), gradient=720)),
        _INTEGERS,
    ],
)
def cosh(x: Array) -> Spec:
    """Hyperbolic cosine: y = (e**x + e**-x) / 2.

    Arguments:
        x: Numbers.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, cosh.

    Example:
        >>> ops.cosh([0.0]).tolist()
        [1.0]
    """
    return like(x)


cosh.meaning(np.cosh)
cosh.vjp(lambda g, y, x: g * sinh(x))


@primitive(
    canonical=_FLOAT,
    cases=[
        *cases(low=-4, high=4),
        _NEAR_ZERO,
        *every_half(-_INF, _INF),
        *special([_INF, -_INF, 0.0, -0.0, _NAN, 30.0, -90.0]),
        _INTEGERS,
    ],
)
def tanh(x: Array) -> Spec:
    """Hyperbolic tangent: y = (e**x - e**-x) / (e**x + e**-x).

    Arguments:
        x: Numbers.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, tanh.

    Example:
        >>> ops.tanh([0.0]).tolist()
        [0.0]
    """
    return like(x)


tanh.meaning(np.tanh)
tanh.vjp(lambda g, y, x: g * (1.0 - y * y))


@primitive(
    canonical=_FLOAT,
    cases=[
        *cases(low=-9, high=9),
        _NEAR_ZERO,
        *every_half(-_INF, _INF),
        *special([_INF, -_INF, 0.0, _NAN, 1e30, -1e30]),
        _INTEGERS,
    ],
)
def arcsinh(x: Array) -> Spec:
    """Inverse hyperbolic sine: y = log(x + sqrt(x**2 + 1)).

    Arguments:
        x: Numbers.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, asinh.

    Example:
        >>> ops.arcsinh([0.0]).tolist()
        [0.0]
    """
    return like(x)


arcsinh.meaning(np.arcsinh)
arcsinh.vjp(lambda g, y, x: g / sqrt(x * x + 1.0))


@composite(
    canonical=_FLOAT,
    cases=[
        *cases(low=1.1, high=9),
        *every_half(1, _INF),
        *special([1.0, 0.0, -2.0, _INF, -_INF, _NAN, 3e38, 1.0000001]),
        Case((Sample(values=[1, 9]),), {}, "integers", ("int32",)),
    ],
)
def arccosh(x: Array) -> Any:
    """Inverse hyperbolic cosine: y = 2 arcsinh(sqrt((x - 1) / 2)); NaN below 1.

    Arguments:
        x: Numbers of at least 1.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, acosh.

    Example:
        >>> ops.arccosh([1.0]).tolist()
        [0.0]
    """
    if x.dtype.is_complex:
        below, above = sqrt(x - 1.0), sqrt(x + 1.0)
        return complex(arcsinh(real(conj(below) * above)), 2.0 * arctan2(imag(below), real(above)))
    return arcsinh(sqrt((x - 1.0) * 0.5)) * 2.0


arccosh.meaning(np.arccosh)


@composite(
    canonical=_FLOAT,
    cases=[
        *cases(low=-0.95, high=0.95),
        _NEAR_ZERO,
        *every_half(-0.99, 0.99),
        *special([1.0, -1.0, 0.0, 2.0, _INF, _NAN]),
        _INTEGERS,
    ],
)
def arctanh(x: Array) -> Any:
    """Inverse hyperbolic tangent: y = (log1p(x) - log1p(-x)) / 2; NaN outside [-1, 1].

    Arguments:
        x: Numbers from -1 to 1.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, atanh.

    Example:
        >>> ops.arctanh([0.0]).tolist()
        [0.0]
    """
    return subtract(log1p(x), log1p(negative(x))) * 0.5


arctanh.meaning(np.arctanh)


asin, acos, atan, atan2 = arcsin, arccos, arctan, arctan2
asinh, acosh, atanh = arcsinh, arccosh, arctanh
