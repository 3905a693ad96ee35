"""Trigonometric and hyperbolic functions, element by element; angles in radians, integers become float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.graph.ir import Literal, Spec
from multiback.ops._cases import Bound, Case, Sample, special
from multiback.ops._cases import elementwise as cases
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import elementwise, like, promoting
from multiback.ops.arithmetic import divide, negative, subtract
from multiback.ops.exponential import log1p, sqrt

_INF, _NAN = float("inf"), float("nan")
_FLOAT = promoting("x", to_float=True)
_EDGES = special([_INF, -_INF, 0.0, _NAN])
# An error of u in x is an error of |x| u in its exponential.
_NEAR_OVERFLOW = Case(
    (Sample(values=[89.2, -89.2]),),
    label="near overflow",
    bound=Bound(8, lambda x: np.abs(x) * np.cosh(x), gradient=720),
)


def _one(x: Any) -> Any:
    return np.ones_like(x)


@primitive(canonical=_FLOAT, cases=cases(low=-7, high=7, scale=_one) + _EDGES)
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


@primitive(canonical=_FLOAT, cases=cases(low=-7, high=7, scale=_one) + _EDGES)
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


@composite(canonical=_FLOAT, cases=cases(low=-1.4, high=1.4) + _EDGES)
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


@primitive(
    canonical=promoting("x1", "x2", to_float=True),
    cases=[
        *cases(2),
        *special([0.0, 1.0, -1.0, _INF, -_INF, _NAN], 2),
        Case(
            (Sample(values=[0.0, -0.0, 0.0, -0.0]), Sample(values=[0.0, 0.0, -0.0, -0.0])),
            label="zeros",
            differentiable=False,
        ),
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


@composite(canonical=_FLOAT, cases=cases(low=-0.95, high=0.95) + special([1.0, -1.0, 0.0, 2.0, _INF, _NAN]))
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
    return arctan2(x, sqrt((1.0 - x) * (x + 1.0)))


@composite(canonical=_FLOAT, cases=cases(low=-0.95, high=0.95) + special([1.0, -1.0, 0.0, 2.0, _INF, _NAN]))
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
    return arctan2(sqrt((1.0 - x) * (x + 1.0)), x)


@composite(canonical=_FLOAT, cases=cases(low=-7, high=7) + _EDGES)
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
    return arctan2(x, 1.0)


@primitive(
    canonical=_FLOAT,
    cases=cases(low=-9, high=9) + cases(low=-1e-3, high=1e-3) + special([_INF, -_INF, 0.0, _NAN]) + [_NEAR_OVERFLOW],
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


@primitive(canonical=_FLOAT, cases=cases(low=-9, high=9) + special([_INF, -_INF, 0.0, _NAN]) + [_NEAR_OVERFLOW])
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
    cases=cases(low=-4, high=4, dtypes=("float32", "float16", "bfloat16")) + cases(low=-1e-3, high=1e-3) + _EDGES,
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
    cases=cases(low=-9, high=9) + cases(low=-1e-3, high=1e-3) + special([_INF, -_INF, 0.0, _NAN, 1e30, -1e30]),
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


@composite(canonical=_FLOAT, cases=cases(low=1.1, high=9) + special([1.0, 0.0, -2.0, _INF, -_INF, _NAN, 1e30]))
def arccosh(x: Array) -> Any:
    """Inverse hyperbolic cosine: y = log1p(t + sqrt(t) * sqrt(t + 2)), t = x - 1; NaN below 1.

    Arguments:
        x: Numbers of at least 1.

    Returns:
        The shape of `x`.

    Source: array API standard 2024.12, acosh.

    Example:
        >>> ops.arccosh([1.0]).tolist()
        [0.0]
    """
    above = x - 1.0
    return log1p(above + sqrt(above) * sqrt(above + 2.0))


@composite(
    canonical=_FLOAT,
    cases=cases(low=-0.95, high=0.95) + cases(low=-1e-3, high=1e-3) + special([1.0, -1.0, 0.0, 2.0, _INF, _NAN]),
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


asin, acos, atan, atan2 = arcsin, arccos, arctan, arctan2
asinh, acosh, atanh = arcsinh, arccosh, arctanh
