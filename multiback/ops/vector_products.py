"""Products of vectors along an axis, and differences of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.errors import ArgumentError, ShapeError
from multiback.ops._cases import Bound, Case, Sample, exact
from multiback.ops._define import Array, composite
from multiback.ops._rules import axis_index, broadcast_shapes, promoting
from multiback.ops.arithmetic import multiply, subtract
from multiback.ops.comparison import not_equal
from multiback.ops.complex_numbers import conj
from multiback.ops.joining import along, concatenate, stack
from multiback.ops.linalg import matmul
from multiback.ops.shaping import broadcast_to, moveaxis, reshape, shown, squeeze, swapaxes

_BOTH = promoting("x1", "x2")
_PRODUCT = Bound(8, lambda x1, x2, axis=-1: np.sum(np.abs(x1) * np.abs(x2), axis))


@composite(
    cases=[
        *exact(["float32", "int32"], Sample(("batch", 2, 3)), label="batch"),
    ]
)
def matrix_transpose(x: Array) -> Any:
    """Transposed matrices: the last two axes exchanged.

    Arguments:
        x: Array of shape (..., n, m).

    Returns:
        Array of shape (..., m, n).

    Raises:
        ShapeError: for fewer than two axes.

    Source: array API standard 2024.12, matrix_transpose.

    Example:
        >>> ops.matrix_transpose([[1, 2], [3, 4]]).tolist()
        [[1, 3], [2, 4]]
    """
    if x.ndim < 2:
        raise ShapeError(f"matrix_transpose() needs at least two axes, got shape {shown(x.shape)}.")
    return swapaxes(x, -1, -2)


@composite(
    canonical=_BOTH,
    cases=[
        Case((Sample(("batch", 3)), Sample(("batch", 3))), bound=_PRODUCT),
        Case((Sample((2, 4, 3)), Sample((4, 1))), {"axis": -2}, "broadcast", bound=_PRODUCT),
        *exact(["int32"], Sample((2, 3), -9, 9), Sample((3,), -9, 9), label="integers"),
    ],
)
def vecdot(x1: Array, x2: Array, axis: int = -1) -> Any:
    """Sum of products along an axis, the first factor conjugated: y = sum_i conj(x1[i]) x2[i].

    Arguments:
        x1, x2: Arrays of equal size along the axis; the other axes broadcast.
        axis: A negative axis, counted from the end of both.

    Returns:
        The broadcast shape without the axis, in the promoted dtype.

    Raises:
        ShapeError: if the sizes along the axis differ.

    Source: array API standard 2024.12, vecdot.

    Example:
        >>> ops.vecdot([[1, 2], [3, 4]], [1, 1]).tolist()
        [3, 7]
    """
    if x1.shape[axis] != x2.shape[axis]:
        raise ShapeError(f"vecdot() of {shown(x1.shape)} and {shown(x2.shape)} along axis {axis}: the sizes differ.")
    rows, columns = (moveaxis(x, axis, -1) for x in (conj(x1), x2))
    product = matmul(reshape(rows, (*rows.shape[:-1], 1, rows.shape[-1])), reshape(columns, (*columns.shape, 1)))
    return squeeze(product, (-2, -1))


def _cross_bound(x1: Any, x2: Any, axis: int = -1) -> Any:
    a, b = (np.moveaxis(np.abs(x), axis, -1) for x in (x1, x2))
    first, second = [1, 2, 0], [2, 0, 1]
    return np.moveaxis(a[..., first] * b[..., second] + a[..., second] * b[..., first], -1, axis)


@composite(
    canonical=_BOTH,
    cases=[
        Case((Sample(("batch", 3)), Sample(("batch", 3))), bound=Bound(4, _cross_bound)),
        Case((Sample((3, 4)), Sample((3, 4))), {"axis": 0}, "first axis", bound=Bound(4, _cross_bound)),
    ],
)
def cross(x1: Array, x2: Array, axis: int = -1) -> Any:
    """Cross product of vectors of three elements: y = (a2 b3 - a3 b2, a3 b1 - a1 b3, a1 b2 - a2 b1).

    Arguments:
        x1, x2: Arrays of size 3 along the axis; the shapes broadcast.
        axis: The axis.

    Returns:
        The broadcast shape, in the promoted dtype.

    Raises:
        ShapeError: for another size than 3.

    Source: array API standard 2024.12, linalg.cross.

    Example:
        >>> ops.cross([1, 0, 0], [0, 1, 0]).tolist()
        [0, 0, 1]
    """
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ShapeError(f"cross() needs size 3 along axis {axis}, got {shown(x1.shape)} and {shown(x2.shape)}.")
    shape = broadcast_shapes(x1.shape, x2.shape)
    axis = axis_index(axis, len(shape))
    a, b = (
        [squeeze(along(y, axis, i, i + 1), axis) for i in range(3)] for y in (broadcast_to(x, shape) for x in (x1, x2))
    )
    pairs = ((1, 2), (2, 0), (0, 1))
    return stack([subtract(multiply(a[i], b[j]), multiply(a[j], b[i])) for i, j in pairs], axis)


def _joined(call: dict[str, Any]) -> None:
    call["axis"] = axis_index(call["axis"], call["x"].ndim)
    if not isinstance(call["n"], int) or call["n"] < 0:
        raise ArgumentError(f"diff() takes n of at least 0, got {call['n']!r}.")


@composite(
    canonical=_joined,
    cases=[
        Case((Sample(("batch", 5)), None, None), bound=Bound(2, None, 64)),
        *exact(["int32"], Sample((2, 5), -9, 9), label="twice", n=2),
        *exact(["int32"], Sample((4, 2), -9, 9), Sample((1, 2), -9, 9), Sample((2, 2), -9, 9), label="ends", axis=0),
        *exact(["bool"], Sample((5,), dtype="bool"), label="bools"),
    ],
)
def diff(x: Array, axis: int = -1, n: int = 1, prepend: Array | None = None, append: Array | None = None) -> Any:
    """Differences of neighbours along an axis, n times over: y[i] = x[i + 1] - x[i]; of bools whether they differ.

    Arguments:
        x: Array of at least one axis.
        axis: The axis.
        n: How many times.
        prepend, append: Arrays that are joined to x before, along the axis.

    Returns:
        Array of the dtype of x, n shorter along the axis.

    Raises:
        ArgumentError: for a negative n.

    Source: array API standard 2024.12, diff.

    Example:
        >>> ops.diff([1, 4, 9]).tolist()
        [3, 5]
    """
    parts = [p for p in (prepend, x, append) if p is not None]
    y = concatenate(parts, axis) if len(parts) > 1 else x
    difference = not_equal if y.dtype.kind == "b" else subtract
    for _ in range(n):
        y = difference(along(y, axis, 1, None), along(y, axis, None, -1))
    return y
