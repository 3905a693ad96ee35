"""Sums, products, extrema and tests along axes; `axis=None` means all of them."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import ShapeError
from multiback.graph.ir import Spec
from multiback.graph.op import OPS
from multiback.ops._cases import ALL_FLOATS, ALL_INTEGERS, EXACT, HALVES, SIGNED, UNSIGNED, Bound, Case, Sample, exact
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import Axes, as_type, axis_indices, chained
from multiback.ops.arithmetic import divide
from multiback.ops.bitwise import bitwise_invert
from multiback.ops.casting import cast
from multiback.ops.comparison import equal, to_bool
from multiback.ops.selection import maximum, minimum, where

_INF, _NAN = float("inf"), float("nan")


def reduced_shape(shape: Sequence[Any], axis: Any, keepdims: bool) -> tuple[Any, ...]:
    """A shape after reducing these axes (counted from the front), kept with size 1 if `keepdims`."""
    return tuple(1 if i in axis else n for i, n in enumerate(shape) if keepdims or i not in axis)


def with_axes(y: Any, like: Any, axis: Sequence[int]) -> Any:
    """A reduced array with the axes that were reduced put back with size 1, so that it broadcasts with `like`."""
    shape = reduced_shape(like.shape, axis, True)
    return y if y.shape == shape else OPS["reshape"](y, shape)


def reduction_axes(call: dict[str, Any]) -> None:
    """`axis` as axes counted from the front; reducing over no axis becomes reducing a new axis of size 1."""
    x = call["x"]
    call["axis"] = axis_indices(call["axis"], x.ndim)
    if not call["axis"]:
        call["x"], call["axis"] = OPS["reshape"](x, (*x.shape, 1)), (x.ndim,)
        call["keepdims"] = False
    call["keepdims"] = bool(call["keepdims"])


def bools_as_integers(call: dict[str, Any]) -> None:
    if call["x"].dtype.kind == "b":
        call["x"] = as_type(call["x"], dtypes.int32)


def _refuse_empty(x: Any, axis: Any, name: str) -> None:
    if builtins.any(x.shape[i] == 0 for i in axis):
        raise ShapeError(f"{name}() of an axis of size 0 has no value; the array has shape {x.shape}.")


def reductions(
    bound: Bound,
    *,
    transform: Any = None,
    dtypes: Sequence[str] = ("float32",),
    differentiable: bool = True,
    of_nothing: bool = True,
    **extra: Any,
) -> list[Case]:
    """Cases of a reduction over each kind of axes, in the first dtype, and of one in the others.

    Arguments:
        of_nothing: Whether reducing an axis of size 0 has a meaning.
    """
    sample = Sample(("batch", 5, 3), transform=transform)
    choices = (
        (1, False),
        (-1, True),
        ((0, 2), True),
        ((2, 1), False),
        (0, False),
        (None, False),
        (None, True),
        ((), False),
    )
    made = [
        Case(
            (sample,),
            {"axis": a, "keepdims": k, **extra},
            f"axis={a}, keepdims={k}",
            dtypes[:1],
            bound,
            # One axis, several, and all: the others differ in shape only.
            differentiable and (a, k) in ((1, False), ((0, 2), True), (None, False)),
            edges=of_nothing or a in (1, -1, (2, 1), ()),
        )
        for a, k in choices
    ]
    if len(dtypes) > 1:
        made.append(
            Case((Sample((4, 5, 3), transform=transform),), {"axis": (0, 1), **extra}, "", dtypes[1:], bound, False)
        )
    return [*made, Case((Sample(()),), dict(extra), "scalar", dtypes[:1], bound, False)]


def over_magnitudes(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, axis=None, keepdims=False, **_: function(np.abs(x), axis=axis, keepdims=keepdims)


_MATRIX = Sample((2, 3), -9, 9)
_BOOLS = Sample((2, 3), dtype="bool")
_EMPTY = Sample(values=np.zeros((2, 0)))
_COUNTS = Sample(("batch", 4), 0, 9)
# One after another, n terms are rounded n - 1 times, alike when they are equal; here n is 60 at most.
_SUM = Bound(60, over_magnitudes(np.sum))
_LONG, _LONG_COLUMNS = Sample((2, 1000), 0.0, 1.0), Sample((1000, 2), 0.0, 1.0)
_LONG_SUM = Bound(1000, over_magnitudes(np.sum))
_WIDE_SUM = Bound(2, over_magnitudes(np.sum))
_OVERFLOW = Sample(values=[[_INF, 1.0], [_INF, -_INF], [_NAN, 0.0], [3e38, 3e38], [0.0, -_INF]])


@primitive(
    canonical=chained(reduction_axes, bools_as_integers),
    cases=[
        *reductions(_SUM, dtypes=("float32", "float64")),
        Case((Sample((4, 5, 3)),), {"axis": (0, 1)}, "axis=(0, 1)", HALVES, _WIDE_SUM, False),
        Case((_LONG,), {"axis": 1}, "long", ("float32",), _LONG_SUM),
        Case((Sample((1000, 2), 0.0, 1.0),), {"axis": 0}, "long columns", ("float32",), _LONG_SUM, False),
        Case((_LONG,), {"axis": 1}, "long", HALVES, Bound(2, over_magnitudes(np.sum)), False),
        Case(
            (Sample((1000, 2), 0.0, 1.0),),
            {"axis": 0},
            "long columns",
            HALVES,
            Bound(2, over_magnitudes(np.sum)),
            False,
        ),
        *exact(
            ["float32"], Sample(values=[[_INF, 1.0], [_INF, -_INF], [_NAN, 1.0], [3e38, 3e38]]), label="special", axis=1
        ),
        *exact(ALL_INTEGERS, _COUNTS, label="integers", axis=1),
        *exact(["int32"], Sample(values=[2**31 - 1, 1]), label="divergence-6", result=["int32"]),
        *exact(["int8"], Sample(values=[100, 100]), label="divergence-6", result=["int8"]),
        *exact(["bool"], _BOOLS, label="divergence-7", result=["int32"], axis=0),
        *exact(["float32", "int32", "bool"], _EMPTY, label="empty", axis=1),
    ],
)
def sum(x: Array, axis: Axes = None, keepdims: bool = False) -> Spec:
    """Sum over axes: y = sum_i x[i]; 0 over none. Integers keep their dtype and wrap; bools count in int32.

    Floats of 16 bits are added in float32.

    Arguments:
        x: Any array.
        axis: Axes to sum over; None means all.
        keepdims: Whether they stay with size 1.

    Returns:
        The reduced shape, in the dtype of `x`.

    Raises:
        ShapeError: for an axis that does not exist.

    Source: array API standard 2024.12, sum.

    Example:
        >>> ops.sum([[1, 2], [3, 4]], axis=0).tolist()
        [4, 6]
    """
    return Spec(reduced_shape(x.shape, axis, keepdims), x.dtype)


def accumulated(function: Any, x: Any, **arguments: Any) -> Any:
    """A NumPy sum in the dtype of `x`, in float32 for floats of 16 bits."""
    wide = np.float32 if dtypes.as_dtype(x.dtype).is_float and x.dtype.itemsize < 4 else x.dtype
    return function(x.astype(wide, copy=False), dtype=wide, **arguments).astype(x.dtype)


sum.meaning(lambda x, axis, keepdims: accumulated(np.sum, x, axis=axis, keepdims=keepdims))
sum.vjp(lambda g, y, x, axis, keepdims: OPS["broadcast_to"](with_axes(g, x, axis), x.shape))


def _as_requested(call: dict[str, Any]) -> None:
    """Casts to the `dtype` asked for before the computation, and forgets it."""
    if call["dtype"] is not None:
        call["x"] = cast(call["x"], call["dtype"])
        call["dtype"] = None


@primitive(
    canonical=chained(_as_requested, reduction_axes, bools_as_integers),
    cases=[
        *reductions(Bound(64), dtypes=ALL_FLOATS),  # 60 factors at most
        *exact(
            ["float32"], Sample(values=[[_INF, 0.0], [_NAN, 0.0], [3e38, 3e38], [0.0, -1.0]]), label="special", axis=1
        ),
        *exact(ALL_INTEGERS, Sample(("batch", 4), 0, 3), label="integers", axis=1),
        *exact(["int32"], Sample(values=[2**30, 8]), label="integers that wrap"),
        *exact(["int32"], _MATRIX, label="dtype", axis=1, dtype="float32"),
        *exact(["bool"], _BOOLS, label="bools", axis=0),
        *exact(["float32", "int32"], _EMPTY, label="empty", axis=1),
        Case((Sample(values=[[0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [1.0, 2.0, 3.0]]),), {"axis": 1}, "gradient at zero"),
        Case((Sample(values=[[0.0, 2.0], [3.0, 1.0]]),), {}, "gradient at zero of all"),
    ],
)
def prod(x: Array, axis: Axes = None, keepdims: bool = False, dtype: Any = None) -> Spec:
    """Product over axes: y = prod_i x[i]; 1 over none. Integers keep their dtype and wrap; bools count in int32.

    Arguments:
        x: Any array.
        axis: Axes to multiply over; None means all.
        keepdims: Whether they stay with size 1.
        dtype: What `x` is cast to first.

    Returns:
        The reduced shape, in the dtype of `x` or in `dtype`.

    Source: array API standard 2024.12, prod.

    Example:
        >>> ops.prod([[1, 2], [3, 4]], axis=0).tolist()
        [3, 8]
    """
    return Spec(reduced_shape(x.shape, axis, keepdims), x.dtype)


prod.meaning(lambda x, axis, keepdims, dtype: np.prod(x, axis=axis, keepdims=keepdims, dtype=x.dtype))


@prod.vjp
def _(g: Any, y: Any, x: Any, axis: Any, keepdims: bool, dtype: Any) -> Any:
    # The product of the other elements: all of them over x, and where just one is zero, the product of the rest.
    zero = equal(x, 0.0)
    others = where(zero, 1.0, x)
    rest, zeros = prod(others, axis, True), sum(cast(zero, x.dtype), axis, True)
    share = where(equal(zeros, 0.0), divide(rest, others), where(zero, where(equal(zeros, 1.0), rest, 0.0), 0.0))
    return with_axes(g, x, axis) * share


def _extremum_gradient(g: Any, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    chosen = cast(equal(x, with_axes(y, x, axis)), x.dtype)
    return chosen * divide(with_axes(g, x, axis), sum(chosen, axis, True))


_EXTREMA = [
    *reductions(EXACT, dtypes=ALL_FLOATS, of_nothing=False),
    *exact(ALL_INTEGERS, _COUNTS, label="integers", axis=1),
    *exact(["int32"], Sample(values=[[-(2**31), 2**31 - 1], [-5, -(2**31)]]), label="extremes", axis=1),
    *exact(["bool"], _BOOLS, label="bools", axis=0),
    *exact(
        ("float32", *HALVES),
        Sample(values=[[1.0, _NAN, 2.0], [_INF, 1.0, -_INF], [_NAN, _INF, 1.0], [-_INF, -_INF, -_INF]]),
        label="special",
        axis=1,
    ),
    Case(
        (Sample(values=[[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [0.0, -1.0, -1.0]]),),
        {"axis": 1},
        "divergence-32",
        smooth=False,
    ),
    Case((Sample(values=[[1.0, 3.0], [3.0, 1.0]]),), {}, "divergence-32 over two axes", smooth=False),
    *exact(["float32"], Sample((0, 3)), label="divergence-24", axis=1),
]


@primitive(canonical=chained(reduction_axes, bools_as_integers), cases=_EXTREMA)
def amax(x: Array, axis: Axes = None, keepdims: bool = False) -> Spec:
    """The largest element over axes; NaN if there is one. Equal largest elements share the gradient evenly.

    Arguments:
        x: Any array; bools count as integers.
        axis: Axes to search; None means all.
        keepdims: Whether they stay with size 1.

    Returns:
        The reduced shape, in the dtype of `x`.

    Raises:
        ShapeError: for an axis of size 0; where its size is symbolic, what comes of 0 is not defined.

    Source: array API standard 2024.12, max.

    Example:
        >>> ops.amax([[1, 5], [3, 4]], axis=0).tolist()
        [3, 5]
    """
    _refuse_empty(x, axis, "amax")
    return Spec(reduced_shape(x.shape, axis, keepdims), x.dtype)


amax.meaning(lambda x, axis, keepdims: np.max(x, axis=axis, keepdims=keepdims))
amax.vjp(_extremum_gradient)


@primitive(canonical=chained(reduction_axes, bools_as_integers), cases=_EXTREMA)
def amin(x: Array, axis: Axes = None, keepdims: bool = False) -> Spec:
    """The smallest element over axes; NaN if there is one. Equal smallest elements share the gradient evenly.

    Arguments:
        x: Any array; bools count as integers.
        axis: Axes to search; None means all.
        keepdims: Whether they stay with size 1.

    Returns:
        The reduced shape, in the dtype of `x`.

    Raises:
        ShapeError: for an axis of size 0; where its size is symbolic, what comes of 0 is not defined.

    Source: array API standard 2024.12, min.

    Example:
        >>> ops.amin([[1, 5], [3, 4]], axis=0).tolist()
        [1, 4]
    """
    _refuse_empty(x, axis, "amin")
    return Spec(reduced_shape(x.shape, axis, keepdims), x.dtype)


amin.meaning(lambda x, axis, keepdims: np.min(x, axis=axis, keepdims=keepdims))
amin.vjp(_extremum_gradient)

_WITH_INITIAL = [
    *reductions(EXACT, of_nothing=False),
    Case((Sample(("batch", 3)),), {"axis": 1, "initial": 0.5}, "initial", bound=EXACT),
    *exact(HALVES, Sample((4, 3)), label="initial", axis=1, initial=0.5),
    *exact(["float32"], Sample(values=[[1.0, _NAN], [_INF, 1.0]]), label="special", axis=1, initial=0.0),
    *exact(["int32", "uint8"], Sample((2, 3), 0, 9), label="integers with initial", initial=2),
]


@composite(cases=_WITH_INITIAL)
def max(x: Array, axis: Axes = None, keepdims: bool = False, initial: float | None = None) -> Any:
    """The largest element over axes, or `initial` if that is larger; NaN if there is one.

    Equal largest elements share the gradient evenly.

    Arguments:
        x: Any array; bools count as integers.
        axis: Axes to search; None means all.
        keepdims: Whether they stay with size 1.
        initial: A number that takes part.

    Returns:
        The reduced shape, in the dtype of `x`.

    Raises:
        ShapeError: for an axis of size 0.

    Source: NumPy 2, max.

    Example:
        >>> ops.max([[1, 5], [3, 4]], axis=1).tolist()
        [5, 4]
    """
    y = amax(x, axis, keepdims)
    return y if initial is None else maximum(y, initial)


@composite(cases=_WITH_INITIAL)
def min(x: Array, axis: Axes = None, keepdims: bool = False, initial: float | None = None) -> Any:
    """The smallest element over axes, or `initial` if that is smaller; NaN if there is one.

    Equal smallest elements share the gradient evenly.

    Arguments:
        x: Any array; bools count as integers.
        axis: Axes to search; None means all.
        keepdims: Whether they stay with size 1.
        initial: A number that takes part.

    Returns:
        The reduced shape, in the dtype of `x`.

    Raises:
        ShapeError: for an axis of size 0.

    Source: NumPy 2, min.

    Example:
        >>> ops.min([[1, 5], [3, 4]], axis=1).tolist()
        [1, 3]
    """
    y = amin(x, axis, keepdims)
    return y if initial is None else minimum(y, initial)


_TESTS = [
    *reductions(EXACT, transform=np.round, dtypes=ALL_FLOATS, differentiable=False),
    *exact(["bool"], Sample(("batch", 2), dtype="bool"), label="bools", axis=1),
    *exact(["bool"], Sample(("batch", 5, 3), dtype="bool"), label="bools over two axes", axis=(0, -1), keepdims=True),
    *exact((*SIGNED, *UNSIGNED), Sample((4, 2), 0, 2), label="integers", axis=1),
    *exact(("float32", *HALVES), Sample(values=[[0.0, _NAN], [0.0, -0.0], [_INF, 1.0]]), label="special", axis=1),
    *exact(["float32", "bool"], _EMPTY, label="empty", axis=1),
]


@primitive(canonical=chained(to_bool("x"), reduction_axes), cases=_TESTS)
def any(x: Array, axis: Axes = None, keepdims: bool = False) -> Spec:
    """Whether at least one element over axes is not zero; False over none.

    Arguments:
        x: Bools, or numbers taken as x != 0.
        axis: Axes to test; None means all.
        keepdims: Whether they stay with size 1.

    Returns:
        Bool, of the reduced shape.

    Source: array API standard 2024.12, any.

    Example:
        >>> ops.any([[True, False], [False, False]], axis=1).tolist()
        [True, False]
    """
    return Spec(reduced_shape(x.shape, axis, keepdims), dtypes.bool_)


any.meaning(lambda x, axis, keepdims: np.any(x, axis=axis, keepdims=keepdims))


@composite(canonical=chained(to_bool("x"), reduction_axes), cases=_TESTS)
def all(x: Array, axis: Axes = None, keepdims: bool = False) -> Any:
    """Whether no element over axes is zero; True over none.

    Arguments:
        x: Bools, or numbers taken as x != 0.
        axis: Axes to test; None means all.
        keepdims: Whether they stay with size 1.

    Returns:
        Bool, of the reduced shape.

    Source: array API standard 2024.12, all.

    Example:
        >>> ops.all([[True, False], [True, True]], axis=1).tolist()
        [False, True]
    """
    return bitwise_invert(any(bitwise_invert(x), axis, keepdims))
