"""Products of vectors, matrices and tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback.errors import ArgumentError, ShapeError
from multiback.graph.dims import product
from multiback.graph.ir import Spec
from multiback.ops._cases import ALL_FLOATS, ALL_INTEGERS, HALVES, Bound, Case, Sample, exact
from multiback.ops._define import OPS, Array, composite, primitive
from multiback.ops._rules import axis_index, broadcast_shapes, promoting
from multiback.ops.shaping import expand_dims, reshape, shown, squeeze, swapaxes, transpose

_BOTH = promoting("x1", "x2")
_INF, _NAN = float("inf"), float("nan")


def _product_bound(function: Any, c: float = 8) -> Bound:
    """The magnitude |A||B| at which rounding of a product acts."""
    return Bound(c, lambda x1, x2, **attributes: function(np.abs(x1), np.abs(x2), **attributes))


def _pair(
    label: str, first: Any, second: Any, bound: Bound, dtypes: Sequence[str] = ("float32",), **attributes: Any
) -> Case:
    return Case((Sample(first), Sample(second)), attributes, label, dtypes, bound)


def _other_dtypes(first: Any, second: Any, bound: Bound, **attributes: Any) -> list[Case]:
    """Products in float64, halves and two integer dtypes, one of which wraps."""
    floats = Case((Sample(first), Sample(second)), attributes, "dtypes", ALL_FLOATS[1:], bound, False)
    return [
        floats,
        *exact(["int32", "int8"], Sample(first, 0, 99), Sample(second, 0, 99), label="dtypes", **attributes),
    ]


_MATMUL = _product_bound(np.matmul)


@primitive(
    canonical=_BOTH,
    cases=[
        _pair("matrices", ("batch", 5), (5, 3), _MATMUL),
        _pair("stacks", ("batch", 4, 5), ("batch", 5, 3), _MATMUL),
        _pair("stack and matrix", ("batch", 2, 4, 5), (5, 3), _MATMUL),
        _pair("broadcast stacks", (2, 1, 4, 5), ("batch", 5, 3), _MATMUL),
        _pair("divergence-49 vectors", (5,), (5,), _MATMUL),
        _pair("divergence-49 vector and matrix", (5,), (5, 3), _MATMUL),
        _pair("matrix and vector", ("batch", 4, 5), (5,), _MATMUL),
        _pair("vector and stack", (5,), ("batch", 5, 3), _MATMUL),
        _pair("symbolic inner size", (3, "batch"), ("batch", 2), _MATMUL),
        _pair("one by one", (1, 1), (1, 1), _MATMUL),
        _pair("matrix and stack", (4, 5), ("batch", 5, 3), _MATMUL),
        _pair("stack and vector", (2, "batch", 3, 5), (5,), _MATMUL),
        # One after another, n products are rounded as they are added; alike when they are equal.
        _pair("long", (3, 700), (700, 2), _product_bound(np.matmul, 700)),
        Case((Sample((3, 700)), Sample((700, 2))), {}, "long", HALVES, _product_bound(np.matmul, 2), False),
        _pair("nothing to add", (3, 0), (0, 2), _MATMUL),
        _pair("nothing to add in vectors", (0,), (0,), _MATMUL),
        _pair("no rows", (2, 0, 3), (3, 4), _MATMUL),
        Case(
            (
                Sample(values=[[_INF, 1.0], [_NAN, 1.0], [3e38, 3e38], [0.0, 1.0]]),
                Sample(values=[[1.0, 0.0], [2.0, 1.0]]),
            ),
            label="special",
            bound=Bound(0),
            differentiable=False,
        ),
        Case((Sample((3, 5), -9, 9, dtype="int32"), Sample((5, 2))), {}, "promotion", bound=_MATMUL),
        *_other_dtypes((2, 4, 5), (5, 3), _MATMUL),
        *exact(ALL_INTEGERS, Sample((3, 4), 0, 5), Sample((4, 2), 0, 5), label="integers"),
        *exact(ALL_INTEGERS, Sample((4,), 0, 5), Sample((2, 4, 2), 0, 5), label="integers in stacks"),
    ],
)
def matmul(x1: Array, x2: Array) -> Spec:
    """Matrix product: y[..., i, j] = sum_k x1[..., i, k] x2[..., k, j].

    A vector on the left counts as a row, on the right as a column, and its axis is left out of the result. The axes
    before the last two broadcast. Integers wrap.

    Arguments:
        x1: Array of shape (..., n, k) or (k,).
        x2: Array of shape (..., k, m) or (k,).

    Returns:
        Array of shape (..., n, m), in the promoted dtype.

    Raises:
        ShapeError: for scalars, or inner sizes that differ.

    Source: array API standard 2024.12, matmul.

    Example:
        >>> ops.matmul([[1, 2], [3, 4]], [1, 1]).tolist()
        [3, 7]
    """
    if x1.ndim == 0 or x2.ndim == 0:
        raise ShapeError("matmul() does not take scalars; multiply them with *.")
    inner = x2.shape[-2] if x2.ndim > 1 else x2.shape[0]
    if x1.shape[-1] != inner:
        raise ShapeError(
            f"matmul() of {shown(x1.shape)} and {shown(x2.shape)}: sizes {x1.shape[-1]} and {inner} differ."
        )
    rows = x1.shape[-2:-1] if x1.ndim > 1 else ()
    columns = x2.shape[-1:] if x2.ndim > 1 else ()
    return Spec((*broadcast_shapes(x1.shape[:-2], x2.shape[:-2]), *rows, *columns), x1.dtype)


@matmul.meaning
def _(x1: Any, x2: Any) -> Any:
    return np.matmul(x1, x2)


@matmul.vjp
def _(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    g = expand_dims(g, -1) if x2.ndim == 1 else g
    g = expand_dims(g, -2 if x2.ndim > 1 else -1) if x1.ndim == 1 and x2.ndim > 1 else g
    left = expand_dims(x1, 0) if x1.ndim == 1 else x1
    right = expand_dims(x2, 1) if x2.ndim == 1 else x2
    if x1.ndim == x2.ndim == 1:
        g = expand_dims(g, 0)
    first = matmul(g, swapaxes(right, -1, -2))
    second = matmul(swapaxes(left, -1, -2), g)
    return (squeeze(first, -2) if x1.ndim == 1 else first), (squeeze(second, -1) if x2.ndim == 1 else second)


def _contracted(call: dict[str, Any]) -> None:
    _BOTH(call)
    x1, x2, axes = call["x1"], call["x2"], call["axes"]
    if isinstance(axes, int):
        if not 0 <= axes <= min(x1.ndim, x2.ndim):
            raise ShapeError(f"tensordot() cannot sum over {axes} axes of {shown(x1.shape)} and {shown(x2.shape)}.")
        pairs = tuple(range(x1.ndim - axes, x1.ndim)), tuple(range(axes))
    else:
        if len(axes) != 2:
            raise ArgumentError(f"axes must be an integer or a pair of axes (or lists of them), got {axes}.")
        lists = [(a,) if isinstance(a, int) else a for a in axes]
        pairs = tuple(tuple(axis_index(i, x.ndim) for i in a) for a, x in zip(lists, (x1, x2)))  # type: ignore[assignment]
    if [x1.shape[i] for i in pairs[0]] != [x2.shape[i] for i in pairs[1]]:
        raise ShapeError(f"tensordot() of {shown(x1.shape)} and {shown(x2.shape)} over {axes}: sizes differ.")
    call["axes"] = pairs


_TENSORDOT = _product_bound(np.tensordot)


@composite(
    canonical=_contracted,
    cases=[
        _pair("two", ("batch", 4, 3), (4, 3, 2), _TENSORDOT),
        _pair("none", ("batch", 2), (3,), _TENSORDOT, axes=0),
        _pair("pairs", (4, "batch", 3), (3, 2, 4), _TENSORDOT, axes=((0, 2), (-1, 0))),
        _pair("single", (2, "batch"), (5, 2), _TENSORDOT, axes=(0, 1)),
        _pair("all", (4, 3), (4, 3), _TENSORDOT),
        _pair("over nothing", (2, 0), (0, 3), _TENSORDOT, axes=1),
        _pair("scalars", (), (), _TENSORDOT, axes=0),
        _pair("last with last", ("batch", 4), (3, 4), _TENSORDOT, axes=((-1,), (-1,))),
        *_other_dtypes((2, 4), (4, 3), _TENSORDOT, axes=1),
    ],
)
def tensordot(x1: Array, x2: Array, axes: Any = 2) -> Any:
    """Sum of products over pairs of axes; the other axes of x1, then those of x2, remain.

    Arguments:
        x1, x2: Arrays.
        axes: n for the last n axes of x1 with the first n of x2, or a pair of axes or lists of axes.

    Returns:
        Array in the promoted dtype.

    Raises:
        ShapeError: if sizes of paired axes differ.

    Source: array API standard 2024.12, tensordot.

    Example:
        >>> ops.tensordot([[1, 2], [3, 4]], [[1, 0], [0, 1]], 2).tolist()
        5
    """
    first, second = axes
    rows = [i for i in range(x1.ndim) if i not in first]
    columns = [i for i in range(x2.ndim) if i not in second]
    inner = product(x1.shape[i] for i in first)
    left = reshape(transpose(x1, (*rows, *first)), (product(x1.shape[i] for i in rows), inner))
    right = reshape(transpose(x2, (*second, *columns)), (inner, product(x2.shape[i] for i in columns)))
    return reshape(matmul(left, right), (*(x1.shape[i] for i in rows), *(x2.shape[i] for i in columns)))


_DOT = _product_bound(np.dot)


@composite(
    canonical=_BOTH,
    cases=[
        _pair("vectors", (5,), (5,), _DOT),
        _pair("matrices", ("batch", 5), (5, 3), _DOT),
        _pair("tensors", ("batch", 5), (2, 5, 3), _DOT),
        _pair("scalar", (), (2, 3), _DOT),
        _pair("tensor and vector", ("batch", 2, 5), (5,), _DOT),
        _pair("empty", (0,), (0,), _DOT),
        *_other_dtypes((2, 4), (4, 3), _DOT),
    ],
)
def dot(x1: Array, x2: Array) -> Any:
    """Sum of products over the last axis of x1 and the last but one (or only) axis of x2; a product with a scalar.

    Arguments:
        x1, x2: Arrays.

    Returns:
        Array in the promoted dtype.

    Raises:
        ShapeError: if the sizes of those axes differ.

    Source: NumPy's dot.

    Example:
        >>> ops.dot([1, 2], [3, 4]).tolist()
        11
    """
    if x1.ndim == 0 or x2.ndim == 0:
        return OPS["multiply"](x1, x2)
    if x2.ndim <= 2:
        return matmul(x1, x2)
    return tensordot(x1, x2, ((-1,), (-2,)))


_INNER = _product_bound(np.inner)


@composite(
    canonical=_BOTH,
    cases=[
        _pair("vectors", (5,), (5,), _INNER),
        _pair("tensors", ("batch", 2, 5), (3, 5), _INNER),
        _pair("scalar", (), (3,), _INNER),
        _pair("empty", (0,), (0,), _INNER),
        *_other_dtypes((2, 4), (3, 4), _INNER),
    ],
)
def inner(x1: Array, x2: Array) -> Any:
    """Sum of products over the last axes of both; a product with a scalar.

    Arguments:
        x1, x2: Arrays.

    Returns:
        Array of shape x1.shape[:-1] + x2.shape[:-1], in the promoted dtype.

    Raises:
        ShapeError: if the sizes of those axes differ.

    Source: NumPy's inner.

    Example:
        >>> ops.inner([[1, 2], [3, 4]], [1, 1]).tolist()
        [3, 7]
    """
    if x1.ndim == 0 or x2.ndim == 0:
        return OPS["multiply"](x1, x2)
    return tensordot(x1, x2, ((-1,), (-1,)))


_OUTER, _VDOT = _product_bound(np.outer, 1), _product_bound(np.vdot)


@composite(
    canonical=_BOTH,
    cases=[
        _pair("vectors", ("batch",), (3,), _OUTER),
        _pair("flattened", (2, 2), (3, 1), _OUTER),
        _pair("scalars", (), (), _OUTER),
        *_other_dtypes((4,), (3,), _OUTER),
    ],
)
def outer(x1: Array, x2: Array) -> Any:
    """All products of an element of x1 with one of x2, both flattened: y[i, j] = x1[i] x2[j].

    Arguments:
        x1, x2: Arrays.

    Returns:
        Array of shape (x1.size, x2.size), in the promoted dtype.

    Source: NumPy's outer.

    Example:
        >>> ops.outer([1, 2], [3, 4]).tolist()
        [[3, 4], [6, 8]]
    """
    return OPS["multiply"](reshape(x1, (-1, 1)), reshape(x2, (1, -1)))


@composite(
    canonical=_BOTH,
    cases=[
        _pair("vectors", ("batch",), ("batch",), _VDOT),
        _pair("flattened", (2, 3), (3, 2), _VDOT),
        _pair("scalars", (), (), _VDOT),
        *_other_dtypes((4,), (4,), _product_bound(np.vdot)),
    ],
)
def vdot(x1: Array, x2: Array) -> Any:
    """Sum of products of corresponding elements of two arrays, flattened.

    Arguments:
        x1, x2: Arrays with as many elements.

    Returns:
        Scalar in the promoted dtype.

    Raises:
        ShapeError: if the numbers of elements differ.

    Source: NumPy's vdot.

    Example:
        >>> ops.vdot([[1, 2]], [[3], [4]]).tolist()
        11
    """
    return matmul(reshape(x1, (-1,)), reshape(x2, (-1,)))
