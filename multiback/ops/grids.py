"""Grids of numbers and the matrices made from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import ArgumentError
from multiback.ops._cases import ALL_DTYPES, ALL_FLOATS, EXACT, HALVES, Bound, Case, Sample
from multiback.ops._define import OPS, Array, composite
from multiback.ops._rules import axis_index, promoting
from multiback.ops.creation import arange, float_type
from multiback.ops.shaping import broadcast_to, expand_dims, moveaxis, reshape


def _made(label: str = "", **attributes: Any) -> Case:
    return Case((), attributes, label, ("float32",), EXACT, False)


def _endpoints(call: dict[str, Any]) -> None:
    promoting("start", "stop", to_float=True)(call)
    if call["num"] < 0:
        raise ArgumentError(f"linspace() needs num >= 0, got {call['num']}.")
    call["dtype"] = dtypes.as_dtype(call["dtype"] or call["start"].dtype)
    call["axis"] = axis_index(call["axis"], max(call["start"].ndim, call["stop"].ndim) + 1)


def _span(start: Any, stop: Any, num: int = 50, axis: int = 0, **_: Any) -> Any:
    shape = np.broadcast_shapes(np.shape(start), np.shape(stop))
    size = np.expand_dims(np.broadcast_to(np.abs(start) + np.abs(stop), shape), axis)
    return np.repeat(size, num, axis)


_LINE = Bound(4, _span)


@composite(
    name="linspace",
    canonical=_endpoints,
    cases=[
        Case((Sample(()), Sample(())), {"num": 7}, "", bound=_LINE),
        Case((Sample(("batch",)), Sample(("batch",))), {"num": 5, "axis": -1}, "axis", bound=_LINE),
        Case((Sample(()), Sample((3,))), {"num": 4, "endpoint": False}, "open", bound=_LINE),
        Case((Sample(()), Sample(())), {"num": 1}, "one", bound=_LINE),
        Case((Sample(()), Sample(())), {"num": 1, "endpoint": False}, "one, open", bound=_LINE),
        Case((Sample((2,)), Sample((2,))), {"num": 0}, "none", bound=_LINE),
        Case((0.0, Sample(values=1.0)), {"num": 11}, "divergence-47", bound=Bound(2)),
        Case((Sample(values=[1.0, 0.0]), Sample(values=[1.0, -3.0])), {"num": 7}, "ends exact", bound=_LINE),
        Case((Sample((2,)), Sample((2,))), {"num": 6}, "dtypes", ALL_FLOATS[1:], _LINE, False),
        Case((Sample(values=[0, -9]), Sample(values=[9, 9])), {"num": 4}, "integers", ("int32", "int8"), _LINE),
        Case(
            (Sample(values=0.0), 10.0), {"num": 4, "dtype": "int32"}, "to integers", bound=EXACT, differentiable=False
        ),
        Case((Sample(("batch", 1)), Sample((3,))), {"num": 3, "axis": 1}, "broadcast", bound=_LINE),
    ],
)
def _linspace(start: Array, stop: Array, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """`num` evenly spaced numbers: start + i * (stop - start) / (num - 1), or / num when the endpoint is left out.

    With the endpoint the last number is `stop` itself.
    """
    steps = num - 1 if endpoint else num
    fractions = OPS["cast"](np.arange(num) / max(steps, 1), start.dtype)
    fractions = reshape(fractions, (num, *[1] * max(start.ndim, stop.ndim)))
    low, high = expand_dims(start, 0), expand_dims(stop, 0)
    line = low * (1 - fractions) + high * fractions
    return OPS["cast"](moveaxis(line, 0, axis), dtype)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Evenly spaced numbers from `start` to `stop`: start + i * (stop - start) / (num - 1).

    Arguments:
        start, stop: Numbers or arrays that broadcast.
        num: How many.
        endpoint: Whether `stop` is the last of them; if not, the divisor is `num`.
        retstep: Whether to return the distance between them too.
        dtype: That of the endpoints unless given; at least a float.
        axis: Where the new axis goes.

    Returns:
        The array, or `(array, step)` with `retstep`.

    Raises:
        ArgumentError: if `num` is negative.

    Source: NumPy's linspace.

    Example:
        >>> ops.linspace(0, 1, 5).tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    line = _linspace(start, stop, num, endpoint, dtype, axis)
    if not retstep:
        return line
    steps = num - 1 if endpoint else num
    return line, OPS["divide"](OPS["subtract"](stop, start), steps if steps > 0 else math.nan)


def _matrix(call: dict[str, Any]) -> None:
    call["M"] = call["N"] if call["M"] is None else call["M"]
    float_type(call)


_MATRICES = [
    _made(N=3),
    _made("wide", N=2, M=4, k=1),
    _made("tall", N=4, M=2, k=-1, dtype="int32"),
    _made("one", N=1),
    _made("none", N=0),
    _made("no columns", N=2, M=0),
    _made("far above", N=3, k=7),
    _made("far below", N=3, k=-7),
    *(_made(dtype, N=2, M=3, k=1, dtype=dtype) for dtype in ALL_DTYPES[1:]),
]


@composite(canonical=_matrix, cases=_MATRICES)
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """The N x M matrix with ones on the k-th diagonal: y[i, j] = 1 if j - i == k, else 0.

    Arguments:
        N: Rows.
        M: Columns, N by default.
        k: The diagonal; positive is above the main one.
        dtype: `floatx()` unless given.

    Returns:
        Array of shape (N, M).

    Source: array API standard 2024.12, eye.

    Example:
        >>> ops.eye(2, 3, 1, dtype="int32").tolist()
        [[0, 1, 0], [0, 0, 1]]
    """
    return OPS["cast"](OPS["equal"](expand_dims(arange(N), 1) + k, arange(M)), dtype)


@composite(canonical=_matrix, cases=_MATRICES)
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """The N x M matrix with ones at and below the k-th diagonal: y[i, j] = 1 if j - i <= k, else 0.

    Arguments:
        N: Rows.
        M: Columns, N by default.
        k: The diagonal; positive is above the main one.
        dtype: `floatx()` unless given.

    Returns:
        Array of shape (N, M).

    Source: NumPy's tri.

    Example:
        >>> ops.tri(2, 3, dtype="int32").tolist()
        [[1, 0, 0], [1, 1, 0]]
    """
    return OPS["cast"](OPS["greater_equal"](expand_dims(arange(N), 1) + k, arange(M)), dtype)


def identity(n: int, dtype: Any = None) -> Any:
    """The n x n identity matrix; the dtype is `floatx()` unless given.

    Example:
        >>> ops.identity(2, "int32").tolist()
        [[1, 0], [0, 1]]
    """
    return eye(n, dtype=dtype)


def _indexing_order(call: dict[str, Any]) -> None:
    if call["indexing"] not in ("xy", "ij"):
        raise ArgumentError(f"indexing must be 'xy' or 'ij', got {call['indexing']!r}.")
    if any(x.ndim > 1 for x in call["xs"]):
        raise ArgumentError("meshgrid() takes arrays with one axis.")


_AXES = (Sample(("batch",)), Sample((3,)), Sample((2,)))


@composite(
    name="meshgrid",
    canonical=_indexing_order,
    cases=[
        Case((_AXES,), {"indexing": "xy"}, "xy", bound=EXACT),
        Case((_AXES,), {"indexing": "ij"}, "ij", bound=EXACT),
        Case((_AXES[1:],), {"indexing": "xy"}, "dtypes", (*HALVES, "float64", "int32", "uint8", "bool"), EXACT, False),
        Case(((Sample((3,)), Sample((2,), -9, 9, dtype="int8")),), {"indexing": "ij"}, "two dtypes", bound=EXACT),
        Case(((Sample(()), Sample((2,))),), {"indexing": "ij"}, "scalar", bound=EXACT),
        Case(((Sample((0,)), Sample((2,))),), {"indexing": "xy"}, "empty", bound=EXACT),
        Case((_AXES[:1],), {"indexing": "xy"}, "one", bound=EXACT),
    ],
)
def _meshgrid(xs: Sequence[Array], indexing: str) -> Any:
    """Coordinate arrays of the grid that these axes span."""
    count = len(xs)  # type: ignore[arg-type]
    order = [1, 0, *range(2, count)] if indexing == "xy" and count > 1 else list(range(count))
    columns = [
        reshape(x, tuple(-1 if axis == order[i] else 1 for axis in range(count)))
        for i, x in enumerate(xs)  # type: ignore[arg-type, var-annotated]
    ]
    shape = tuple(columns[order.index(axis)].shape[axis] for axis in range(count))
    return tuple(broadcast_to(column, shape) for column in columns)


def meshgrid(*x: Any, indexing: str = "xy") -> Any:
    """Coordinate arrays of the grid that some axes span.

    Arguments:
        x: Arrays with one axis.
        indexing: "ij": the i-th array varies along axis i; "xy": the first two are exchanged.

    Returns:
        A tuple with one array per axis, each of the shape of the grid.

    Raises:
        ArgumentError: for another `indexing`, or arrays with more axes.

    Source: array API standard 2024.12, meshgrid.

    Example:
        >>> columns, rows = ops.meshgrid([0, 1], [5, 6])
        >>> rows.tolist()
        [[5, 5], [6, 6]]
    """
    return _meshgrid(list(x), indexing)
