"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.errors import ShapeError
from multiback.graph.dims import Dim
from multiback.ops._cases import ALL_FLOATS, Bound, Case, Sample, exact
from multiback.ops._define import OPS, Array, composite
from multiback.ops._rules import axis_index
from multiback.ops.grids import tri
from multiback.ops.joining import along
from multiback.ops.padding import constant_pad
from multiback.ops.shaping import expand_dims, in_every_dtype, moved, reshape, shown, transpose

_X = Sample(("batch", 4, 3))


def _two_axes(call: dict[str, Any]) -> None:
    x = call["x"]
    call["axis1"], call["axis2"] = axis_index(call["axis1"], x.ndim), axis_index(call["axis2"], x.ndim)
    if call["axis1"] == call["axis2"]:
        raise ShapeError(f"A diagonal runs along two different axes, got {call['axis1']} twice.")
    if isinstance(x.shape[call["axis1"]], Dim) or isinstance(x.shape[call["axis2"]], Dim):
        raise ShapeError(f"The length of a diagonal must be known, but x has shape {shown(x.shape)}.")


_DIAGONALS = [
    moved("main", Sample((4, 3)), offset=0),
    moved("above", Sample((2, 5)), offset=2),
    moved("below", Sample((5, 2)), offset=-1),
    moved("axes", _X, offset=1, axis1=1, axis2=-1),
    moved("none left", _X, offset=3, axis1=1, axis2=2),
    moved("none left below", _X, offset=-4, axis1=1, axis2=2),
    moved("axes exchanged", _X, offset=1, axis1=-1, axis2=1),
    moved("one element", Sample((1, 1))),
    moved("empty", Sample((0, 3))),
    moved("axes apart", Sample((3, "batch", 2)), axis1=0, axis2=2),
    in_every_dtype(Sample((4, 3)), offset=-1),
]


@composite(canonical=_two_axes, cases=_DIAGONALS)
def diagonal(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements x[..., i, i + offset] along two axes, as a last axis that replaces them.

    Arguments:
        x: Array.
        offset: The diagonal; positive is above the main one.
        axis1, axis2: The axes of rows and of columns.

    Returns:
        Array with one axis less.

    Raises:
        ShapeError: if the axes are the same, or one of their sizes is symbolic.

    Source: NumPy's diagonal.

    Example:
        >>> ops.diagonal([[1, 2], [3, 4]]).tolist()
        [1, 4]
    """
    order = [i for i in range(x.ndim) if i not in (axis1, axis2)]
    x = transpose(x, (*order, axis1, axis2))
    *rest, rows, columns = x.shape
    first = offset if offset >= 0 else -offset * columns
    count = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    flat = reshape(x, (*rest, rows * columns))
    if count == 0:
        return along(flat, len(rest), 0, 0)
    return along(flat, len(rest), first, first + (count - 1) * (columns + 1) + 1, columns + 1)


_TRACE = Bound(2, lambda x, **attributes: np.trace(np.abs(x), **attributes))


@composite(
    canonical=_two_axes,
    cases=[
        Case((Sample((4, 3)),), {}, "", bound=_TRACE),
        Case((Sample((4, 4)),), {"offset": 1}, "", ALL_FLOATS[1:], _TRACE, False),
        *exact(("int32", "int8", "uint8", "bool"), Sample((4, 4), 0, 100), label="integers"),
        Case((Sample((2, 3)),), {"offset": 3}, "none left", bound=_TRACE),
        Case((_X,), {"offset": -1, "axis1": 2, "axis2": 1}, "axes", bound=_TRACE),
    ],
)
def trace(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Sum of the elements of a diagonal.

    Arguments:
        x: Array.
        offset: The diagonal; positive is above the main one.
        axis1, axis2: The axes of rows and of columns.

    Returns:
        Array with two axes less, in the dtype of x.

    Raises:
        ShapeError: if the axes are the same, or one of their sizes is symbolic.

    Source: NumPy's trace.

    Example:
        >>> ops.trace([[1, 2], [3, 4]]).tolist()
        5
    """
    return OPS["sum"](diagonal(x, offset, axis1, axis2), axis=-1)


def _vector_or_matrix(call: dict[str, Any]) -> None:
    x = call["x"]
    if x.ndim not in (1, 2) or any(isinstance(n, Dim) for n in x.shape):
        raise ShapeError(f"diag() takes a vector or a matrix of fixed size, got shape {shown(x.shape)}.")


@composite(
    canonical=_vector_or_matrix,
    cases=[
        moved("matrix", Sample((4, 3)), k=-1),
        moved("vector", Sample((3,))),
        moved("above", Sample((3,)), k=2),
        moved("below", Sample((3,)), k=-1),
        moved("one element", Sample((1,))),
        moved("empty", Sample((0,))),
        moved("none left", Sample((2, 3)), k=5),
        in_every_dtype(Sample((3,)), k=1),
    ],
)
def diag(x: Array, k: int = 0) -> Any:
    """The k-th diagonal of a matrix, or the matrix whose k-th diagonal is a vector and whose other elements are 0.

    Arguments:
        x: Vector or matrix.
        k: The diagonal; positive is above the main one.

    Returns:
        Vector for a matrix, square matrix for a vector.

    Raises:
        ShapeError: for another number of axes, or a symbolic size.

    Source: NumPy's diag.

    Example:
        >>> ops.diag([1, 2]).tolist()
        [[1, 0], [0, 2]]
    """
    if x.ndim == 2:
        return diagonal(x, k)
    n = x.shape[0]
    rows = constant_pad(expand_dims(x, 1), ((0, 0), (0, n)), 0)
    square = reshape(along(reshape(rows, (-1,)), 0, 0, n * n), (n, n))
    above, below = max(k, 0), max(-k, 0)
    return constant_pad(square, ((below, above), (above, below)), 0)


def _is_matrix(call: dict[str, Any]) -> None:
    if call["x"].ndim < 2:
        raise ShapeError(f"Expected at least two axes, got shape {shown(call['x'].shape)}.")


_TRIANGLES = [
    moved("", Sample(("batch", 3, 4))),
    *(moved(f"k={k}", _X, k=k) for k in (-5, -1, 1, 5)),
    moved("symbolic", Sample((2, "batch", 3))),
    moved("symbolic square", Sample(("time", "time")), k=-1),
    moved("one element", Sample((1, 1))),
    *exact(["float32"], Sample(values=[[float("nan"), float("inf")], [1.0, float("nan")]]), label="special"),
    in_every_dtype(_X),
]


@composite(canonical=_is_matrix, cases=_TRIANGLES)
def tril(x: Array, k: int = 0) -> Any:
    """The elements at and below the k-th diagonal of the last two axes, zeros above it.

    Arguments:
        x: Array of shape (..., n, m).
        k: The diagonal; positive is above the main one.

    Returns:
        Array of the shape of x.

    Raises:
        ShapeError: if x has fewer than two axes.

    Source: array API standard 2024.12, tril.

    Example:
        >>> ops.tril([[1, 2], [3, 4]]).tolist()
        [[1, 0], [3, 4]]
    """
    return OPS["where"](tri(x.shape[-2], x.shape[-1], k, "bool"), x, OPS["cast"](0, x.dtype))


@composite(canonical=_is_matrix, cases=_TRIANGLES)
def triu(x: Array, k: int = 0) -> Any:
    """The elements at and above the k-th diagonal of the last two axes, zeros below it.

    Arguments:
        x: Array of shape (..., n, m).
        k: The diagonal; positive is above the main one.

    Returns:
        Array of the shape of x.

    Raises:
        ShapeError: if x has fewer than two axes.

    Source: array API standard 2024.12, triu.

    Example:
        >>> ops.triu([[1, 2], [3, 4]]).tolist()
        [[1, 2], [0, 4]]
    """
    return OPS["where"](tri(x.shape[-2], x.shape[-1], k - 1, "bool"), OPS["cast"](0, x.dtype), x)
