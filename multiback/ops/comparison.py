"""Comparisons and logic, element by element; every result is bool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.graph.ir import Spec
from multiback.graph.op import OPS
from multiback.ops._cases import ALL_FLOATS, ALL_INTEGERS, Sample, exact
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import as_type, chained, elementwise, promoting
from multiback.ops.arithmetic import abs, subtract
from multiback.ops.bitwise import bitwise_and, bitwise_invert, bitwise_or, bitwise_xor

_INF, _NAN = float("inf"), float("nan")
_ANY = (*ALL_FLOATS, *ALL_INTEGERS)


def to_bool(*names: str) -> Callable[[dict[str, Any]], None]:
    """Canonical form: these operands become bool, by x != 0."""

    def canonical(call: dict[str, Any]) -> None:
        for name in names:
            call[name] = as_type(call[name], dtypes.bool_)

    return canonical


def _bools_as_numbers(call: dict[str, Any]) -> None:
    if call["x1"].dtype.kind == "b":
        call["x1"], call["x2"] = (as_type(call[n], dtypes.int32) for n in ("x1", "x2"))


_PAIRS = [(a, b) for a in (-1.0, 0.0, -0.0, 1.0, _INF, -_INF, _NAN) for b in (-1.0, 0.0, -0.0, 1.0, _INF, -_INF, _NAN)]
_SMALL = Sample(("batch", 3), 0, 3, transform=np.round)
_COMPARISONS = [
    *exact(_ANY, _SMALL, _SMALL, label="batch"),
    *exact(["float32", "int32"], _SMALL, 1, label="number"),
    *exact(["float32"], 0.5, Sample(("batch", 3), -2, 2), label="number first"),
    *exact(["float32"], Sample(values=[a for a, _ in _PAIRS]), Sample(values=[b for _, b in _PAIRS]), label="special"),
    *exact(["int32"], Sample(values=[2**31 - 1, -(2**31)]), Sample(values=[-1, 1]), label="extremes"),
    *exact(["bool"], Sample((8,), dtype="bool"), Sample((8,), dtype="bool"), label="bools"),
    *exact(["float32"], Sample((2, 1, 3), dtype="int32"), Sample((4, 1)), label="integers with floats, broadcast"),
]
_DENORMALS = exact(["float32"], Sample(values=[1e-40, 0.0]), Sample(values=[0.0, -1e-40]), label="divergence-25")


@primitive(canonical=promoting("x1", "x2"), cases=_COMPARISONS + _DENORMALS)
def equal(x1: Array, x2: Array) -> Spec:
    """Whether elements are equal: y = (x1 == x2). NaN equals nothing; the zeros of either sign are equal.

    Arguments:
        x1, x2: Arrays whose shapes broadcast.

    Returns:
        Bool, of the broadcast shape.

    Source: array API standard 2024.12, equal.

    Example:
        >>> ops.equal([1, 2], 2).tolist()
        [False, True]
    """
    return elementwise(x1, x2, dtype=dtypes.bool_)


equal.meaning(np.equal)
equal.vjp(lambda g, y, x1, x2: (None, None))


@composite(canonical=promoting("x1", "x2"), cases=_COMPARISONS)
def not_equal(x1: Array, x2: Array) -> Any:
    """Whether elements differ: y = not (x1 == x2). NaN differs from everything.

    Arguments:
        x1, x2: Arrays whose shapes broadcast.

    Returns:
        Bool, of the broadcast shape.

    Source: array API standard 2024.12, not_equal.

    Example:
        >>> ops.not_equal([1, 2], 2).tolist()
        [True, False]
    """
    return bitwise_invert(equal(x1, x2))


not_equal.meaning(np.not_equal)


_HUGE = Sample(values=[2**63 + 1, 5], dtype="uint64"), Sample(values=[7, 2**64 - 1], dtype="uint64")


@primitive(
    canonical=chained(promoting("x1", "x2"), _bools_as_numbers),
    cases=[*_COMPARISONS, *exact(["uint64"], *_HUGE, label="beyond int64")],
)
def less(x1: Array, x2: Array) -> Spec:
    """Whether x1 < x2; False if either is NaN.

    Arguments:
        x1, x2: Arrays whose shapes broadcast.

    Returns:
        Bool, of the broadcast shape.

    Source: array API standard 2024.12, less.

    Example:
        >>> ops.less([1, 2], 2).tolist()
        [True, False]
    """
    return elementwise(x1, x2, dtype=dtypes.bool_)


less.meaning(np.less)
less.vjp(lambda g, y, x1, x2: (None, None))


@primitive(canonical=chained(promoting("x1", "x2"), _bools_as_numbers), cases=_COMPARISONS)
def less_equal(x1: Array, x2: Array) -> Spec:
    """Whether x1 <= x2; False if either is NaN.

    Arguments:
        x1, x2: Arrays whose shapes broadcast.

    Returns:
        Bool, of the broadcast shape.

    Source: array API standard 2024.12, less_equal.

    Example:
        >>> ops.less_equal([1, 3], 2).tolist()
        [True, False]
    """
    return elementwise(x1, x2, dtype=dtypes.bool_)


less_equal.meaning(np.less_equal)
less_equal.vjp(lambda g, y, x1, x2: (None, None))


@composite(canonical=chained(promoting("x1", "x2"), _bools_as_numbers), cases=_COMPARISONS + _DENORMALS)
def greater(x1: Array, x2: Array) -> Any:
    """Whether x1 > x2; False if either is NaN.

    Arguments:
        x1, x2: Arrays whose shapes broadcast.

    Returns:
        Bool, of the broadcast shape.

    Source: array API standard 2024.12, greater.

    Example:
        >>> ops.greater([1, 3], 2).tolist()
        [False, True]
    """
    return less(x2, x1)


@composite(canonical=chained(promoting("x1", "x2"), _bools_as_numbers), cases=_COMPARISONS)
def greater_equal(x1: Array, x2: Array) -> Any:
    """Whether x1 >= x2; False if either is NaN.

    Arguments:
        x1, x2: Arrays whose shapes broadcast.

    Returns:
        Bool, of the broadcast shape.

    Source: array API standard 2024.12, greater_equal.

    Example:
        >>> ops.greater_equal([1, 2], 2).tolist()
        [False, True]
    """
    return less_equal(x2, x1)


_LOGIC = [
    *exact(["bool"], Sample(("batch", 3), dtype="bool"), Sample((3,), dtype="bool"), label="bools"),
    *exact(["float32"], Sample(values=[0.0, -0.0, 1.0, _NAN]), Sample(values=[1.0, _NAN, 0.0, 2.0]), label="numbers"),
    *exact(["int32", "uint8", "float16"], _SMALL, Sample((3,), dtype="bool"), label="numbers with bools"),
    *exact(["bool"], Sample((3,), dtype="bool"), True, label="number"),
]


@composite(canonical=to_bool("x1", "x2"), cases=_LOGIC)
def logical_and(x1: Array, x2: Array) -> Any:
    """Whether both hold: y = x1 and x2.

    Arguments:
        x1, x2: Bools, or numbers taken as x != 0, whose shapes broadcast.

    Returns:
        Bool, of the broadcast shape.

    Source: array API standard 2024.12, logical_and.

    Example:
        >>> ops.logical_and([True, True], [True, False]).tolist()
        [True, False]
    """
    return bitwise_and(x1, x2)


@composite(canonical=to_bool("x1", "x2"), cases=_LOGIC)
def logical_or(x1: Array, x2: Array) -> Any:
    """Whether at least one holds: y = x1 or x2.

    Arguments:
        x1, x2: Bools, or numbers taken as x != 0, whose shapes broadcast.

    Returns:
        Bool, of the broadcast shape.

    Source: array API standard 2024.12, logical_or.

    Example:
        >>> ops.logical_or([True, False], [False, False]).tolist()
        [True, False]
    """
    return bitwise_or(x1, x2)


@composite(canonical=to_bool("x1", "x2"), cases=_LOGIC)
def logical_xor(x1: Array, x2: Array) -> Any:
    """Whether exactly one holds: y = x1 != x2 as bools.

    Arguments:
        x1, x2: Bools, or numbers taken as x != 0, whose shapes broadcast.

    Returns:
        Bool, of the broadcast shape.

    Source: array API standard 2024.12, logical_xor.

    Example:
        >>> ops.logical_xor([True, False], [True, True]).tolist()
        [False, True]
    """
    return bitwise_xor(x1, x2)


@composite(
    canonical=to_bool("x"),
    cases=[
        *exact(["bool"], Sample(("batch", 3), dtype="bool"), label="bools"),
        *exact(["float32"], Sample(values=[0.0, -0.0, 1.0, _NAN]), label="numbers"),
        *exact(["int32", "bfloat16"], _SMALL, label="batch"),
    ],
)
def logical_not(x: Array) -> Any:
    """Whether it does not hold: y = not x.

    Arguments:
        x: Bools, or numbers taken as x != 0.

    Returns:
        Bool, of the shape of `x`.

    Source: array API standard 2024.12, logical_not.

    Example:
        >>> ops.logical_not([True, False]).tolist()
        [False, True]
    """
    return bitwise_invert(x)


_CLASSES = [
    *exact(ALL_FLOATS, Sample(values=[_INF, -_INF, _NAN, 0.0, -0.0, 6e4, 1e-7]), label="special"),
    *exact(["float32"], Sample(("batch", 3)), label="batch"),
    *exact(["int32"], Sample(values=[3, 0, -7]), label="integers"),
    *exact(["uint8"], Sample(values=[3, 0, 7]), label="unsigned"),
    *exact(["bool"], Sample(values=[1, 0], dtype="bool"), label="bools"),
]


@composite(cases=_CLASSES)
def isnan(x: Array) -> Any:
    """Whether elements are NaN: y = (x != x).

    Arguments:
        x: Numbers.

    Returns:
        Bool, of the shape of `x`.

    Source: array API standard 2024.12, isnan.

    Example:
        >>> ops.isnan([1.0, float("nan")]).tolist()
        [False, True]
    """
    return not_equal(x, x)


@composite(canonical=promoting("x", to_float=True), cases=_CLASSES)
def isinf(x: Array) -> Any:
    """Whether elements are infinite: y = (|x| == inf).

    Arguments:
        x: Numbers.

    Returns:
        Bool, of the shape of `x`.

    Source: array API standard 2024.12, isinf.

    Example:
        >>> ops.isinf([1.0, float("-inf")]).tolist()
        [False, True]
    """
    if x.dtype.is_complex:
        return bitwise_or(isinf(OPS["real"](x)), isinf(OPS["imag"](x)))
    return equal(abs(x), _INF)


@composite(canonical=promoting("x", to_float=True), cases=_CLASSES)
def isfinite(x: Array) -> Any:
    """Whether elements are neither infinite nor NaN: y = (|x| < inf).

    Arguments:
        x: Numbers.

    Returns:
        Bool, of the shape of `x`.

    Source: array API standard 2024.12, isfinite.

    Example:
        >>> ops.isfinite([1.0, float("inf"), float("nan")]).tolist()
        [True, False, False]
    """
    if x.dtype.is_complex:
        return bitwise_and(isfinite(OPS["real"](x)), isfinite(OPS["imag"](x)))
    return less(abs(x), _INF)


_NEAR = (
    Sample(values=[1.0, 1.0, 1e3, 0.0, 1e-3, _INF, _INF, _INF, _NAN, _NAN, 3e38]),
    Sample(values=[1.0 + 5e-6, 1.0 + 5e-5, 1e3 + 5e-3, 1e-9, 1e-3 + 5e-5, _INF, -_INF, 1.0, _NAN, 1.0, -3e38]),
)
_CLOSE = [
    *exact(["float32", "float64"], *_NEAR, label="special"),
    *exact(["float32"], *_NEAR, label="equal_nan", equal_nan=True),
    *exact(["float32"], *_NEAR, label="absolute", rtol=0.0, atol=1e-4),
    *exact(["float32"], *_NEAR, label="relative", rtol=1e-4, atol=0.0),
    *exact(["float32"], Sample(("batch", 3), transform=np.ones_like), 1.0, label="number"),
    *exact(["float16", "bfloat16"], Sample(values=[1.0, 1.0, _INF]), Sample(values=[1.0, 1.5, _INF]), label="halves"),
    *exact(["int32", "bool"], Sample(values=[1, 0, 1]), Sample(values=[1, 0, 0]), label="integers"),
]


@composite(canonical=promoting("x1", "x2", to_float=True), cases=_CLOSE)
def isclose(x1: Array, x2: Array, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether elements are nearly equal: y = |x1 - x2| <= atol + rtol * |x2|. Equal infinities are close.

    Arguments:
        x1, x2: Numbers, of shapes that broadcast.
        rtol: Relative tolerance, of x2.
        atol: Absolute tolerance.
        equal_nan: Whether NaN is close to NaN.

    Returns:
        Bool, of the broadcast shape.

    Source: NumPy 2, isclose.

    Example:
        >>> ops.isclose([1.0, 1.1], 1.000001).tolist()
        [True, False]
    """
    distance = abs(subtract(x1, x2))
    near = logical_and(less_equal(distance, abs(x2) * rtol + atol), less(distance, _INF))
    near = logical_or(near, equal(x1, x2))
    return logical_or(near, logical_and(isnan(x1), isnan(x2))) if equal_nan else near


@composite(canonical=promoting("x1", "x2", to_float=True), cases=_CLOSE)
def allclose(x1: Array, x2: Array, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all elements are nearly equal: y = all(|x1 - x2| <= atol + rtol * |x2|).

    Arguments:
        x1, x2: Numbers, of shapes that broadcast.
        rtol: Relative tolerance, of x2.
        atol: Absolute tolerance.
        equal_nan: Whether NaN is close to NaN.

    Returns:
        A bool scalar.

    Source: NumPy 2, allclose.

    Example:
        >>> ops.allclose([1.0, 1.0], 1.000001).tolist()
        True
    """
    from multiback.ops.reduction import all

    return all(isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan))
