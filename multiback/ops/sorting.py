"""Order: sorting, the largest elements, positions in a sorted array. NaN counts as larger than every number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import ArgumentError, ShapeError
from multiback.graph.ir import Spec
from multiback.ops._cases import ALL_DTYPES, ALL_INTEGERS, EXACT, HALVES, Case, Sample, exact
from multiback.ops._define import OPS, Array, composite, primitive
from multiback.ops._rules import axis_index, chained, like, promoting
from multiback.ops.creation import number
from multiback.ops.indexing import integer_indices, take_along_axis
from multiback.ops.joining import along
from multiback.ops.shaping import expand_dims, flip, reshape, squeeze

_X = Sample(("batch", 7))
_TIES = Sample(values=[[2.0, 3.0, 3.0, 1.0, 2.0, 3.0], [0.0, -0.0, 0.0, 5.0, 5.0, -1.0]])
_NAN = Sample(values=[1.0, float("nan"), -float("inf"), 3.0, -float("nan"), float("inf"), 0.0, -0.0])
_MANY_TIES = Sample((2, 200), 0, 9, transform=np.round)
_EXTREMES = Sample(values=[3, -(2**31), 2**31 - 1, -1, 0, 2**31 - 1, -(2**31)], dtype="int32")
_ORDERS = [
    *exact(["float32", *HALVES], _NAN, label="special"),
    *exact(["int32"], _EXTREMES, label="extremes"),
    *exact(["int64"], Sample(values=[2**62, -(2**63), 2**63 - 1, 2**62 + 1], dtype="int64"), label="extremes"),
    *exact(ALL_INTEGERS, Sample((4, 5), 0, 100), label="integers"),
]


def _sorted_axis(call: dict[str, Any]) -> None:
    if call["axis"] is None:
        call["x"], call["axis"] = reshape(call["x"], (-1,)), 0
    call["axis"] = axis_index(call["axis"], call["x"].ndim)


@primitive(
    canonical=_sorted_axis,
    cases=[
        Case((_X,), {}, "last", ("float32",), EXACT, False),
        Case((Sample((4, "batch")),), {"axis": 0}, "first", ("float32",), EXACT, False),
        *exact(["float32", "float64", *HALVES, "bool"], _TIES, label="ties"),
        *exact(["float32", "int32", "uint8"], _MANY_TIES, label="divergence-23"),
        *_ORDERS,
        Case((Sample((3, 4)),), {"axis": None}, "flat", bound=EXACT, differentiable=False),
        Case((Sample(("batch", 3, 2)),), {"axis": 1}, "middle", bound=EXACT, differentiable=False),
        *exact(["float32"], Sample((2, 0)), label="empty"),
        *exact(["float32"], Sample((3, 1)), label="one element"),
    ],
)
def argsort(x: Array, axis: int | None = -1) -> Spec:
    """Positions that sort x along an axis in ascending order; equal elements keep their order, NaN comes last.

    Arguments:
        x: Array.
        axis: The axis; None sorts the flattened array.

    Returns:
        int32 array of the shape of x.

    Source: array API standard 2024.12, argsort with stable=True.

    Example:
        >>> ops.argsort([3, 1, 2]).tolist()
        [1, 2, 0]
    """
    return like(x, dtypes.int32)


@argsort.meaning
def _(x: Any, axis: Any) -> Any:
    x = x.astype(np.float32) if x.dtype == dtypes.bfloat16.numpy else x
    return np.argsort(x, axis, kind="stable").astype(np.int32)


@composite(
    canonical=_sorted_axis,
    cases=[
        Case((_X,), {}, "last", bound=EXACT),
        Case((Sample((4, "batch")),), {"axis": 0}, "first", bound=EXACT),
        Case((_TIES,), {}, "ties", ("float32", *HALVES), EXACT, smooth=False),
        *exact(["float64", "bool"], _X, label="last"),
        *_ORDERS,
        Case((Sample((3, 4)),), {"axis": None}, "flat", bound=EXACT),
        *exact(["float32"], Sample((2, 0)), label="empty"),
        *exact(["float32"], Sample((500,)), label="long"),
    ],
)
def sort(x: Array, axis: int | None = -1) -> Any:
    """The elements along an axis in ascending order, NaN last. Gradients go to where an element came from.

    Arguments:
        x: Array.
        axis: The axis; None sorts the flattened array.

    Returns:
        Array of the shape of x.

    Source: array API standard 2024.12, sort.

    Example:
        >>> ops.sort([3, 1, 2]).tolist()
        [1, 2, 3]
    """
    return take_along_axis(x, argsort(x, axis), axis)


def _top(call: dict[str, Any]) -> None:
    x, k = call["x"], call["k"]
    if x.ndim == 0:
        raise ShapeError("top_k() needs an array with at least one axis.")
    size = x.shape[-1]
    if not isinstance(k, int) or k < 0 or (isinstance(size, int) and k > size):
        raise ArgumentError(f"top_k() takes k from 0 to the size {size} of the last axis, got {k!r}.")
    call["sorted"] = True


@composite(
    canonical=_top,
    cases=[
        Case((_X,), {"k": 3}, "", bound=EXACT),
        Case((_TIES,), {"k": 4}, "divergence-22", ("float32", *HALVES), EXACT, smooth=False),
        *exact(["float32", "int32"], _MANY_TIES, label="divergence-22 of many", k=150),
        *(replace(case, attributes={"k": 3}) for case in _ORDERS),
        *exact(["float64", "bool"], _X, label="", k=3),
        Case((_X,), {"k": 7, "sorted": False}, "all", bound=EXACT),
        *exact(["float32"], _X, label="none", k=0),
        *exact(["float32"], Sample((5,)), label="vector", k=1),
        *exact(["float32"], Sample((2, 3, 4)), label="three axes", k=2),
    ],
)
def top_k(x: Array, k: int, sorted: bool = True) -> Any:
    """The k largest elements along the last axis in descending order, and their positions.

    Among equal elements the one with the lowest index comes first; NaN counts as the largest.

    Arguments:
        x: Array of shape (..., n).
        k: How many.
        sorted: Accepted for compatibility; the result is always sorted.

    Returns:
        `(values, indices)`, both of shape (..., k), the indices in int32.

    Raises:
        ArgumentError: if k is larger than the axis.

    Example:
        >>> values, indices = ops.top_k([1, 5, 5, 3], 2)
        >>> indices.tolist()
        [1, 2]
    """
    indices = along(_descending(x), x.ndim - 1, 0, k)
    return take_along_axis(x, indices, -1), indices


def _descending(x: Any) -> Any:
    """Positions that sort the last axis in descending order, equal elements in theirs."""
    last = x.ndim - 1
    mirrored = flip(argsort(flip(x, last), last), last)
    return OPS["subtract"](number(x.shape[-1]) - 1, mirrored)


_SCORES = Sample(values=[[0.1, 0.9, 0.8, 0.8], [0.5, 0.2, float("nan"), 0.1], [0.3, 0.3, 0.3, 0.3]])


@composite(
    canonical=chained(integer_indices("targets"), promoting("predictions", to_float=True)),
    cases=[
        *(
            Case((Sample(("batch",), 0, 4, dtype=t), Sample(("batch", 5))), {"k": 2}, f"{t} targets", d, EXACT, False)
            for t, d in (("int32", ("float32", "float64", *HALVES)), ("int64", ("float32",)), ("uint8", ("float32",)))
        ),
        *exact(["float32"], Sample(("batch",), 0, 4, dtype="int32"), Sample(("batch", 5)), label="more than all", k=9),
        *exact(["int32"], Sample(("batch",), 0, 4, dtype="int32"), Sample(("batch", 5), 0, 9), label="integers", k=1),
        Case((Sample(values=[3, 2, 1], dtype="int32"), _SCORES), {"k": 2}, "ties", bound=EXACT, differentiable=False),
        Case(
            (Sample(values=[-1, 4, 1], dtype="int32"), _SCORES), {"k": 4}, "no class", bound=EXACT, differentiable=False
        ),
    ],
)
def in_top_k(targets: Array, predictions: Array, k: int) -> Any:
    """Whether the prediction for the target class is among the k largest: fewer than k predictions are larger.

    A target outside the classes, or whose prediction is not finite, is not.

    Arguments:
        targets: Class numbers of shape (n,).
        predictions: Scores of shape (n, classes).
        k: How many count.

    Returns:
        Booleans of shape (n,).

    Raises:
        DtypeError: if the targets are not integers.

    Source: TensorFlow's InTopKV2.

    Example:
        >>> ops.in_top_k([0, 1], [[0.1, 0.9], [0.1, 0.9]], 1).tolist()
        [False, True]
    """
    column = expand_dims(targets, -1)
    own = take_along_axis(predictions, column, -1)
    larger = OPS["sum"](OPS["cast"](OPS["greater"](predictions, own), dtypes.int32), axis=-1)
    exists = OPS["logical_and"](targets >= 0, targets < number(predictions.shape[-1]))
    return OPS["logical_and"](OPS["logical_and"](larger < k, exists), OPS["isfinite"](squeeze(own, -1)))


def _search(call: dict[str, Any]) -> None:
    if call["side"] not in ("left", "right"):
        raise ArgumentError(f"side must be 'left' or 'right', got {call['side']!r}.")
    if call["sorted_sequence"].ndim != 1:
        raise ShapeError(f"searchsorted() takes a sequence with one axis, got {call['sorted_sequence'].ndim}.")


_SORTED = Sample((9,), 0, 6, transform=np.sort)
_INF = float("inf")


@composite(
    canonical=chained(promoting("sorted_sequence", "values"), _search),
    cases=[
        *(
            Case((_SORTED, Sample(("batch", 2), 0, 7)), {"side": side}, side, ALL_DTYPES[:-1], EXACT, False)
            for side in ("left", "right")
        ),
        *(
            exact(
                ["float32"],
                Sample(values=[-_INF, -1.0, 0.0, 0.0, 2.0, _INF]),
                Sample(values=[-_INF, -2.0, -0.0, 0.0, 1.0, 2.0, _INF]),
                label=f"special, {side}",
                side=side,
            )[0]
            for side in ("left", "right")
        ),
        *exact(["float32"], Sample((0,)), Sample((3,)), label="in nothing"),
        *exact(["float32"], _SORTED, Sample(()), label="scalar"),
        *exact(["float32"], _SORTED, 3, label="number"),
        *exact(
            ["float32"], Sample((4,), 0, 9, dtype="int32", transform=np.sort), Sample((3,), 0, 9), label="promotion"
        ),
    ],
)
def searchsorted(sorted_sequence: Array, values: Array, side: str = "left") -> Any:
    """Where values would be inserted to keep a sequence sorted.

    With side "left" the number of elements less than the value, with "right" of those less or equal. NaN is not
    allowed.

    Arguments:
        sorted_sequence: Ascending, of shape (n,).
        values: Of any shape.
        side: "left" or "right".

    Returns:
        int32 array of the shape of the values.

    Raises:
        ArgumentError: for another side.
        ShapeError: if the sequence has several axes.

    Source: array API standard 2024.12, searchsorted.

    Example:
        >>> ops.searchsorted([1, 2, 2, 3], [2, 9]).tolist()
        [1, 4]
    """
    before = "less" if side == "left" else "less_equal"
    smaller = OPS[before](sorted_sequence, expand_dims(values, -1))
    return OPS["sum"](OPS["cast"](smaller, dtypes.int32), axis=-1)
