"""Running sums and products along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.graph.dims import product
from multiback.graph.ir import Spec
from multiback.graph.op import OPS
from multiback.ops._cases import ALL_FLOATS, ALL_INTEGERS, HALVES, Bound, Case, Sample, exact
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import axis_of, chained, like
from multiback.ops.arithmetic import divide, multiply
from multiback.ops.casting import cast
from multiback.ops.comparison import equal, logical_and
from multiback.ops.reduction import accumulated, bools_as_integers
from multiback.ops.selection import where

_INF, _NAN = float("inf"), float("nan")
_AXIS = chained(axis_of("x"), bools_as_integers)


def _along(function: Any, x: Any, axis: int, reverse: bool) -> Any:
    if not reverse:
        return accumulated(function, x, axis=axis)
    return np.flip(accumulated(function, np.flip(x, axis), axis=axis), axis)


def _running_magnitude(x: Any, axis: int | None = None, reverse: bool = False, **_: Any) -> Any:
    x = np.abs(x)
    return (
        np.cumsum(x.ravel() if axis is None else x, axis or 0) if axis is None else _along(np.cumsum, x, axis, reverse)
    )


_SUM_BOUND = Bound(4, _running_magnitude)
_LONG = Sample((2, 300), 0.0, 1.0)
_SPECIAL = Sample(values=[[1.0, _INF, -_INF, 2.0], [_NAN, 1.0, 2.0, 3.0], [0.0, _INF, 1.0, _NAN]])
_WAYS = [(a, r) for a in (0, 1, -1) for r in (False, True)]
_ALIKE = [
    *exact(["float32"], _SPECIAL, label="special", axis=1),
    *exact(["float32"], _SPECIAL, label="special, reverse", axis=1, reverse=True),
    *exact(ALL_INTEGERS, Sample(("batch", 4), 0, 3), label="integers", axis=1),
    *exact(["int32"], Sample(("batch", 4), 0, 3), label="integers, reverse", axis=1, reverse=True),
    *exact(["bool"], Sample((5,), dtype="bool"), label="bools", axis=0),
    *exact(["float32", "int32"], Sample(values=np.zeros((2, 0))), label="empty", axis=1),
    *exact(["float32"], Sample((1,)), label="one", axis=0),
]


@primitive(
    canonical=_AXIS,
    cases=[
        *(
            Case((Sample(("batch", 5, 3)),), {"axis": a, "reverse": r}, f"axis={a}, reverse={r}", bound=_SUM_BOUND)
            for a, r in _WAYS
        ),
        Case((Sample((4, 5)),), {"axis": 1}, "axis=1", ALL_FLOATS[1:], _SUM_BOUND, False),
        # One after another, n terms are rounded n - 1 times; alike when they are equal.
        Case((_LONG,), {"axis": 1}, "long", ("float32",), Bound(300, _running_magnitude), False),
        # Added in float32, or in a tree whose depth is log2(n).
        Case((_LONG,), {"axis": 1}, "long", HALVES, Bound(9, _running_magnitude), False),
        *_ALIKE,
    ],
)
def cumulative_sum(x: Array, axis: int, reverse: bool = False) -> Spec:
    """Running sum along an axis: y[i] = x[0] + ... + x[i], or x[i] + ... + x[n - 1] in reverse. Integers wrap.

    Floats of 16 bits are added in float32, or pairwise.

    Arguments:
        x: Any array of at least one axis; bools count in int32.
        axis: The axis to run along.
        reverse: Whether to run from the end.

    Returns:
        The shape and dtype of `x`.

    Source: array API standard 2024.12, cumulative_sum.

    Example:
        >>> ops.cumulative_sum([1, 2, 3], axis=0, reverse=True).tolist()
        [6, 5, 3]
    """
    return like(x)


cumulative_sum.meaning(lambda x, axis, reverse: _along(np.cumsum, x, axis, reverse))
cumulative_sum.vjp(lambda g, y, x, axis, reverse: cumulative_sum(g, axis, not reverse))


@primitive(
    canonical=_AXIS,
    cases=[
        *(
            Case((Sample(("batch", 5, 3)),), {"axis": a, "reverse": r}, f"axis={a}, reverse={r}", bound=Bound(16))
            for a, r in _WAYS
        ),
        Case((Sample((4, 5)),), {"axis": 1}, "axis=1", ALL_FLOATS[1:], Bound(16), False),
        *exact(["int32"], Sample(values=[2**30, 2, 3, 5]), label="integers that wrap", axis=0),
        *_ALIKE,
        Case(
            (Sample(values=[[2.0, 0.0, 3.0, 4.0], [0.0, 2.0, 0.0, 3.0], [1.0, 2.0, 3.0, 0.0]]),), {"axis": 1}, "zeros"
        ),
        Case(
            (Sample(values=[[2.0, 0.0, 3.0, 4.0], [0.0, 2.0, 0.0, 3.0]]),),
            {"axis": 1, "reverse": True},
            "zeros, reverse",
        ),
    ],
)
def cumulative_prod(x: Array, axis: int, reverse: bool = False) -> Spec:
    """Running product along an axis: y[i] = x[0] * ... * x[i], or x[i] * ... * x[n - 1] in reverse. Integers wrap.

    Arguments:
        x: Any array of at least one axis; bools count in int32.
        axis: The axis to run along.
        reverse: Whether to run from the end.

    Returns:
        The shape and dtype of `x`.

    Source: array API standard 2024.12, cumulative_prod.

    Example:
        >>> ops.cumulative_prod([1, 2, 3], axis=0).tolist()
        [1, 2, 6]
    """
    return like(x)


cumulative_prod.meaning(lambda x, axis, reverse: _along(np.cumprod, x, axis, reverse))


@cumulative_prod.vjp
def _(g: Any, y: Any, x: Any, axis: int, reverse: bool) -> Any:
    # Before the first zero: sum_j g[j] y[j] / x[i]. At it: the same with a one in its place. After it: nothing.
    zero = equal(x, 0.0)
    seen = cumulative_sum(cast(zero, x.dtype), axis, reverse)
    first = logical_and(zero, equal(seen, 1.0))
    without_first = cumulative_prod(where(first, 1.0, x), axis, reverse)
    before = divide(cumulative_sum(multiply(g, y), axis, not reverse), where(zero, 1.0, x))
    at = cumulative_sum(multiply(g, without_first), axis, not reverse)
    return where(equal(seen, 0.0), before, where(first, at, 0.0))


def _prepared(x: Any, axis: int | None, dtype: Any) -> tuple[Any, int]:
    x = x if dtype is None else cast(x, dtype)
    return (OPS["reshape"](x, (product(x.shape),)), 0) if axis is None else (x, axis)


@composite(
    cases=[
        Case((Sample(("batch", 5)),), {"axis": 1}, "axis", bound=_SUM_BOUND),
        Case((Sample(("batch", 5)),), {}, "flattened", bound=_SUM_BOUND),
        Case((Sample(()),), {}, "scalar", bound=_SUM_BOUND),
        *exact(["int8", "uint8"], Sample(values=[100, 100, 100]), label="divergence-8", result=("int8", "uint8")),
        *exact(["int32"], Sample((3, 2), -9, 9), label="dtype", axis=0, dtype="float32"),
        *exact(["int8"], Sample(values=[100, 100, 100]), label="wide dtype", dtype="int32"),
        *exact(["float32"], Sample(values=np.zeros((2, 0))), label="empty"),
        *exact(["bool"], Sample((5,), dtype="bool"), label="bools"),
    ],
)
def cumsum(x: Array, axis: int | None = None, dtype: Any = None) -> Any:
    """Running sum along an axis: y[i] = x[0] + ... + x[i]. Integers keep their dtype and wrap; bools count in int32.

    Arguments:
        x: Any array.
        axis: The axis to run along; None means the flattened array.
        dtype: What `x` is cast to first.

    Returns:
        The shape of `x`, or (size,) without an axis.

    Source: NumPy 2, cumsum.

    Example:
        >>> ops.cumsum([1, 2, 3]).tolist()
        [1, 3, 6]
    """
    return cumulative_sum(*_prepared(x, axis, dtype))


@composite(
    cases=[
        Case((Sample(("batch", 5)),), {"axis": 1}, "axis", bound=Bound(16)),
        Case((Sample(("batch", 2)),), {}, "flattened", bound=Bound(16)),
        *exact(["int32"], Sample((3, 2), -9, 9), label="dtype", axis=0, dtype="float32"),
        *exact(["int8"], Sample(values=[100, 100, 100]), label="wide dtype", dtype="int32"),
        *exact(["float32"], Sample(values=np.zeros((2, 0))), label="empty"),
        *exact(["bool"], Sample((5,), dtype="bool"), label="bools"),
    ],
)
def cumprod(x: Array, axis: int | None = None, dtype: Any = None) -> Any:
    """Running product along an axis: y[i] = x[0] * ... * x[i]. Integers keep their dtype and wrap.

    Arguments:
        x: Any array.
        axis: The axis to run along; None means the flattened array.
        dtype: What `x` is cast to first.

    Returns:
        The shape of `x`, or (size,) without an axis.

    Source: NumPy 2, cumprod.

    Example:
        >>> ops.cumprod([1, 2, 3]).tolist()
        [1, 2, 6]
    """
    return cumulative_prod(*_prepared(x, axis, dtype))
