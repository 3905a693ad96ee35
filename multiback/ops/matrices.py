"""Functions of matrices: solutions, inverses, determinants, powers, ranks and norms.

Matrices are the last two axes; the others are a batch. 16-bit floats are computed and returned in float32.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from multiback import dtypes
from multiback.errors import ArgumentError, ShapeError
from multiback.graph.ir import Spec
from multiback.ops._cases import Bound, Case, Sample, exact
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import Axes, axis_indices, broadcast_shapes, chained, promoting
from multiback.ops.arithmetic import abs, divide, multiply, negative
from multiback.ops.casting import cast
from multiback.ops.comparison import greater, not_equal
from multiback.ops.decompositions import singles, square_matrices, svd, svdvals, transposed
from multiback.ops.exponential import exp, power, sqrt
from multiback.ops.grids import eye
from multiback.ops.linalg import matmul
from multiback.ops.reduction import amax, amin, sum
from multiback.ops.selection import where
from multiback.ops.shaping import broadcast_to, expand_dims, reshape, shown, squeeze
from multiback.ops.vector_products import matrix_transpose


class SignedLogarithm(NamedTuple):
    """What `slogdet` returns."""

    sign: Any
    logabsdet: Any


_SQUARE = chained(promoting("x", to_float=True), singles("x"), square_matrices)
_FLOAT = chained(promoting("x", to_float=True), singles("x"))


def _dominant(x: np.ndarray) -> np.ndarray:
    """Matrices whose diagonal outweighs the rest, so that they are well conditioned."""
    return x + 9.0 * np.eye(*x.shape[-2:])


def _solution_bound(x1: Any, x2: Any) -> Any:
    x2 = np.abs(x2[..., None] if x2.ndim == 1 else x2)
    y = np.abs(np.linalg.inv(x1)) @ x2
    return (y[..., 0] if x2.shape[-1] == 1 and y.ndim > 1 and x1.ndim == 2 and y.shape[-1] == 1 else y) * 4.0


_MATRICES = Sample(("batch", 3, 3), transform=_dominant)


@primitive(
    name="linear_solution",
    cases=[
        Case(
            (Sample((2, 3, 3), transform=_dominant), Sample((2, 3, 2))), {}, "", bound=Bound(16, _solution_bound, 128)
        ),
    ],
)
def _linear_solution(x1: Array, x2: Array) -> Spec:
    """The matrices y with x1 y = x2, of one dtype and batch."""
    return Spec(x2.shape, x2.dtype)


_linear_solution.meaning(np.linalg.solve)


@_linear_solution.vjp
def _(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    right = _linear_solution(matrix_transpose(x1), g)
    return negative(matmul(right, matrix_transpose(y))), right


def _solvable(call: dict[str, Any]) -> None:
    x1, x2 = call["x1"], call["x2"]
    square_matrices({"x": x1})
    if x2.ndim == 0 or x1.shape[-1] != (x2.shape[0] if x2.ndim == 1 else x2.shape[-2]):
        raise ShapeError(f"solve() of {shown(x1.shape)} and {shown(x2.shape)}: the numbers of rows differ.")


@composite(
    canonical=chained(promoting("x1", "x2", to_float=True), singles("x1", "x2"), _solvable),
    cases=[
        Case((_MATRICES, Sample(("batch", 3, 2))), {}, "batch", bound=Bound(16, _solution_bound, 128)),
        Case((Sample((3, 3), transform=_dominant), Sample((3,))), {}, "vector", bound=Bound(16, _solution_bound, 128)),
        Case((Sample((3, 3), transform=_dominant), Sample((2, 3, 1))), {}, "broadcast", bound=Bound(64, None, 128)),
    ],
)
def solve(x1: Array, x2: Array) -> Any:
    """The solution y of x1 y = x2.

    Arguments:
        x1: Array of shape (..., n, n), not singular.
        x2: Array of shape (n,) or (..., n, k); the batches broadcast.

    Returns:
        Array of the broadcast shape of x2.

    Raises:
        ShapeError: if the shapes do not fit.

    Source: array API standard 2024.12, linalg.solve.

    Example:
        >>> ops.solve([[2.0, 0.0], [0.0, 4.0]], [1.0, 2.0]).tolist()
        [0.5, 0.5]
    """
    right = expand_dims(x2, -1) if x2.ndim == 1 else x2
    batch = broadcast_shapes(x1.shape[:-2], right.shape[:-2])
    left, right = (broadcast_to(x, (*batch, *x.shape[-2:])) for x in (x1, right))
    y = _linear_solution(left, right)
    return squeeze(y, -1) if x2.ndim == 1 else y


@composite(
    canonical=_SQUARE,
    cases=[Case((_MATRICES,), {}, "", bound=Bound(16, lambda x: np.max(np.abs(np.linalg.inv(x)), initial=0.0), 128))],
)
def inv(x: Array) -> Any:
    """Inverse of matrices: x y = y x = 1.

    Arguments:
        x: Array of shape (..., n, n), not singular.

    Returns:
        Array of the shape of x.

    Raises:
        ShapeError: unless the matrices are square.

    Source: array API standard 2024.12, linalg.inv.

    Example:
        >>> ops.inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
        [[0.5, 0.0], [0.0, 0.25]]
    """
    return _linear_solution(x, broadcast_to(eye(x.shape[-1], dtype=x.dtype), x.shape))


@primitive(
    canonical=_SQUARE, cases=[Case((Sample((2, 3, 3), transform=_dominant),), {}, "", bound=Bound(16, None, 128))]
)
def slogdet(x: Array) -> tuple[Spec, Spec]:
    """Sign and logarithm of the magnitude of determinants: det(x) = sign * exp(logabsdet).

    Arguments:
        x: Array of shape (..., n, n).

    Returns:
        `(sign, logabsdet)`, both of shape (...); sign 0 and -inf for singular matrices.

    Raises:
        ShapeError: unless the matrices are square.

    Source: array API standard 2024.12, linalg.slogdet.

    Example:
        >>> ops.slogdet([[1.0, 0.0], [0.0, -1.0]])[0].tolist()
        -1.0
    """
    return Spec(x.shape[:-2], x.dtype), Spec(x.shape[:-2], dtypes.real_of(x.dtype))


slogdet.meaning(lambda x: tuple(np.linalg.slogdet(x)))


@slogdet.vjp
def _(g: Any, y: Any, x: Any) -> Any:
    return multiply(expand_dims(expand_dims(g[1], -1), -1), matrix_transpose(inv(x)))


@composite(canonical=_SQUARE, cases=[Case((_MATRICES,), {}, "", bound=Bound(64, None, 256))])
def det(x: Array) -> Any:
    """Determinant of matrices.

    Arguments:
        x: Array of shape (..., n, n).

    Returns:
        Array of shape (...).

    Raises:
        ShapeError: unless the matrices are square.

    Source: array API standard 2024.12, linalg.det.

    Example:
        >>> ops.det([[2.0, 0.0], [0.0, 1.0]]).tolist()
        2.0
    """
    direction, logarithm = slogdet(x)
    return multiply(direction, exp(logarithm))


def _whole_power(call: dict[str, Any]) -> None:
    square_matrices(call)
    if not isinstance(call["n"], int):
        raise ArgumentError(f"matrix_power() takes an integer n, got {call['n']!r}.")
    if call["n"] < 0:
        _FLOAT(call)


@composite(
    canonical=_whole_power,
    cases=[
        Case((_MATRICES,), {"n": n}, f"n={n}", bound=Bound(64, _scale, 512))
        for n, _scale in (
            (3, lambda x, n: np.linalg.matrix_power(np.abs(x), n)),
            (0, lambda x, n: 1.0),
            (-2, lambda x, n: np.linalg.matrix_power(np.abs(np.linalg.inv(x)), 2)),
        )
    ],
)
def matrix_power(x: Array, n: int) -> Any:
    """Matrices multiplied with themselves: x^n; the identity for n = 0, powers of the inverse for negative n.

    Arguments:
        x: Array of shape (..., k, k).
        n: The power.

    Returns:
        Array of the shape of x.

    Raises:
        ShapeError: unless the matrices are square.
        ArgumentError: if n is not an integer.

    Source: array API standard 2024.12, linalg.matrix_power.

    Example:
        >>> ops.matrix_power([[1, 1], [0, 1]], 3).tolist()
        [[1, 3], [0, 1]]
    """
    result = None
    factor, rest = (inv(x), -n) if n < 0 else (x, n)
    while rest:
        if rest % 2:
            result = factor if result is None else matmul(result, factor)
        rest //= 2
        factor = matmul(factor, factor) if rest else factor
    return broadcast_to(eye(x.shape[-1], dtype=x.dtype), x.shape) if result is None else result


def _tolerance(values: Any, rtol: Any, x: Any) -> Any:
    """The singular value below which others count as 0, of shape (..., 1)."""
    rtol = max(x.shape[-2:]) * float(np.finfo(values.dtype.numpy).eps) if rtol is None else rtol
    largest = amax(values, -1, True) if values.shape[-1] else values
    rtol = expand_dims(rtol, -1) if getattr(rtol, "ndim", 0) else rtol
    return multiply(largest, rtol)


@composite(
    canonical=_FLOAT,
    cases=[
        *exact(["float32"], Sample(values=[[1.0, 2.0], [2.0, 4.0]]), None, label="one"),
        *exact(["float32"], Sample(values=np.eye(3)), None, label="full"),
    ],
)
def matrix_rank(x: Array, rtol: Array | None = None) -> Any:
    """Rank of matrices: how many singular values exceed rtol times the largest.

    Arguments:
        x: Array of shape (..., m, n).
        rtol: Number or array of shape (...); max(m, n) times the distance from 1 to the next number unless given.

    Returns:
        int32 array of shape (...).

    Source: array API standard 2024.12, linalg.matrix_rank.

    Example:
        >>> ops.matrix_rank([[1.0, 2.0], [2.0, 4.0]]).tolist()
        1
    """
    values = svdvals(x)
    return sum(cast(greater(values, _tolerance(values, rtol, x)), dtypes.int32), -1)


@composite(
    canonical=_FLOAT,
    cases=[
        Case((Sample((2, 4, 3), transform=_dominant), None), {}, "", bound=Bound(64, lambda x, rtol=None: 0.5, 512))
    ],
)
def pinv(x: Array, rtol: Array | None = None) -> Any:
    """Moore-Penrose inverse of matrices: V diag(1 / S) U^H, of the singular values above rtol times the largest.

    Arguments:
        x: Array of shape (..., m, n).
        rtol: Number or array of shape (...); max(m, n) times the distance from 1 to the next number unless given.

    Returns:
        Array of shape (..., n, m).

    Source: array API standard 2024.12, linalg.pinv.

    Example:
        >>> ops.pinv([[2.0, 0.0], [0.0, 4.0]]).tolist()
        [[0.5, 0.0], [0.0, 0.25]]
    """
    u, s, vh = svd(x, False)
    kept = greater(s, _tolerance(s, rtol, x))
    inverse = where(kept, divide(1.0, where(kept, s, 1.0)), 0.0)
    return matmul(transposed(vh), multiply(expand_dims(inverse, -1), transposed(u)))


def _norm_of(x: Any, order: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    size = abs(x)
    if order == float("inf"):
        return amax(size, axis, keepdims)
    if order == float("-inf"):
        return amin(size, axis, keepdims)
    if order == 0:
        return sum(cast(not_equal(size, 0.0), size.dtype), axis, keepdims)
    if order == 1:
        return sum(size, axis, keepdims)
    if order == 2:
        return sqrt(sum(size * size, axis, keepdims))
    return power(sum(power(size, float(order)), axis, keepdims), 1.0 / order)


_ORDERS = (2, 1, 3, float("inf"), float("-inf"))


@composite(
    canonical=_FLOAT,
    cases=[
        *(
            Case((Sample(("batch", 3)),), {"axis": -1, "ord": o}, f"ord={o}", bound=Bound(16, None, 64))
            for o in _ORDERS
        ),
        Case((Sample((2, 3)),), {"keepdims": True}, "all", bound=Bound(8)),
        Case((Sample((2, 3, 4)),), {"axis": (0, 2)}, "two axes", bound=Bound(8)),
        *exact(["float32"], Sample(values=[[1.0, 0.0], [2.0, 3.0]]), label="count", axis=1, ord=0),
    ],
)
def vector_norm(x: Array, axis: Axes = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Norm of vectors: y = (sum_i |x[i]|**ord)**(1 / ord).

    Arguments:
        x: Array.
        axis: Axes along which the elements of one vector lie; None means all.
        keepdims: Whether they stay with size 1.
        ord: A number, infinity for the largest magnitude, -infinity for the smallest, 0 for the count of non-zeros.

    Returns:
        The reduced shape, real.

    Source: array API standard 2024.12, linalg.vector_norm.

    Example:
        >>> ops.vector_norm([3.0, 4.0]).tolist()
        5.0
    """
    return _norm_of(x, ord, axis_indices(axis, x.ndim), keepdims)


def _known_norm(call: dict[str, Any]) -> None:
    if call["ord"] not in ("fro", "nuc", 1, -1, 2, -2, float("inf"), float("-inf")):
        raise ArgumentError(f"ord is 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, got {call['ord']!r}.")
    if call["x"].ndim < 2:
        raise ShapeError(f"matrix_norm() needs at least two axes, got shape {shown(call['x'].shape)}.")


_NORMS = ("fro", "nuc", 1, -1, 2, -2, float("inf"), float("-inf"))


@composite(
    canonical=chained(_FLOAT, _known_norm),
    cases=[
        *(Case((Sample((2, 4, 3), transform=_dominant),), {"ord": o}, f"ord={o}", bound=Bound(32)) for o in _NORMS),
        Case((Sample(("batch", 3, 2)),), {"keepdims": True}, "kept", bound=Bound(8)),
    ],
)
def matrix_norm(x: Array, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Norm of matrices.

    Arguments:
        x: Array of shape (..., m, n).
        keepdims: Whether the last two axes stay with size 1.
        ord: "fro" (root of the sum of squares), "nuc" (sum of the singular values), 2 and -2 (largest and smallest
            singular value), 1 and -1 (largest and smallest sum of a column), inf and -inf (of a row).

    Returns:
        Array of shape (...), real.

    Raises:
        ArgumentError: for another ord.

    Source: array API standard 2024.12, linalg.matrix_norm.

    Example:
        >>> ops.matrix_norm([[3.0, 0.0], [0.0, 4.0]]).tolist()
        5.0
    """
    last = (x.ndim - 2, x.ndim - 1)
    if ord == "fro":
        return _norm_of(x, 2, last, keepdims)
    extremum = amax if ord in (1, 2, float("inf")) else amin
    if ord in ("nuc", 2, -2):
        values = svdvals(x)
        y = sum(values, -1) if ord == "nuc" else extremum(values, -1)
        return reshape(y, (*y.shape, 1, 1)) if keepdims else y
    summed, left = last if ord in (1, -1) else last[::-1]
    y = extremum(sum(abs(x), summed, True), left, True)
    return y if keepdims else squeeze(y, last)
