"""Decompositions of matrices: Cholesky, eigenvalues of symmetric ones, QR, singular values.

What a decomposition leaves open is settled here, so that all backends return the same: the diagonal of R is not
negative, and of every eigenvector and left singular vector the first element that is not small, at least 0.3 times as
large as the largest, is positive (and real, for complex numbers). Of matrices that should be symmetric the symmetric
part is taken, (x + x^H) / 2.
Matrices are the last two axes; the others are a batch. 16-bit floats are computed and returned in float32.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from multiback import dtypes
from multiback.errors import ArgumentError, GradientError, ShapeError
from multiback.graph.ir import Spec
from multiback.ops._cases import Bound, Case, Sample
from multiback.ops._define import OPS, Array, composite, primitive
from multiback.ops._rules import as_type, chained, like, promoting
from multiback.ops.arithmetic import abs, divide, multiply, subtract
from multiback.ops.casting import cast, stop_gradient
from multiback.ops.comparison import equal, greater_equal
from multiback.ops.complex_numbers import conj
from multiback.ops.diagonals import diagonal, tril
from multiback.ops.grids import eye
from multiback.ops.indexing import take_along_axis
from multiback.ops.linalg import matmul
from multiback.ops.positions import argmax
from multiback.ops.reduction import amax
from multiback.ops.selection import where
from multiback.ops.shaping import expand_dims, shown
from multiback.ops.vector_products import matrix_transpose


class Eigen(NamedTuple):
    """What `eigh` returns."""

    eigenvalues: Any
    eigenvectors: Any


class QR(NamedTuple):
    """What `qr` returns."""

    Q: Any
    R: Any


class SVD(NamedTuple):
    """What `svd` returns."""

    U: Any
    S: Any
    Vh: Any


def singles(*names: str) -> Any:
    """Canonical form: these operands in float32 or wider."""

    def canonical(call: dict[str, Any]) -> None:
        for name in names:
            if call[name].dtype.bits < 32:
                call[name] = as_type(call[name], dtypes.float32)

    return canonical


def square_matrices(call: dict[str, Any]) -> None:
    """Canonical form: refuses an `x` that is not square matrices.

    Raises:
        ShapeError: with the shape.
    """
    shape = call["x"].shape
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"Expected square matrices in the last two axes, got shape {shown(shape)}.")


def _matrices(call: dict[str, Any]) -> None:
    if call["x"].ndim < 2:
        raise ShapeError(f"Expected matrices in the last two axes, got shape {shown(call['x'].shape)}.")


def transposed(x: Any) -> Any:
    """The conjugate transpose of matrices."""
    return conj(matrix_transpose(x))


def _definite(x: np.ndarray) -> np.ndarray:
    return x @ np.swapaxes(x, -1, -2) + np.eye(x.shape[-1])


def _symmetric(x: np.ndarray) -> np.ndarray:
    return x + np.swapaxes(x, -1, -2) + np.diag(4.0 * np.arange(x.shape[-1]))


def _spread_out(x: np.ndarray) -> np.ndarray:
    """Matrices with distinct singular values."""
    return x + np.eye(*x.shape[-2:]) * (3.0 + 3.0 * np.arange(x.shape[-1]))


def _of_largest(x: Any, **attributes: Any) -> Any:
    """Errors relative to the norm of each matrix, as of a backward stable algorithm."""
    return np.max(np.linalg.norm(x, axis=(-2, -1)), initial=0.0)


def _symmetric_part(call: dict[str, Any]) -> None:
    square_matrices(call)
    call["x"] = (call["x"] + transposed(call["x"])) * 0.5


_SYMMETRIC = chained(promoting("x", to_float=True), singles("x"), _symmetric_part)
_ANY = chained(promoting("x", to_float=True), singles("x"), _matrices)
_ONE = Case((Sample(values=[[4.0]]),), {}, "one element", bound=Bound(4))
_BOUND = Bound(64, _of_largest, 512)


@primitive(
    name="cholesky_factor",
    canonical=_SYMMETRIC,
    cases=[Case((Sample((2, 3, 3), transform=_definite),), dtypes=("float32", "float64"), bound=_BOUND)],
)
def _cholesky_factor(x: Array) -> Spec:
    """The lower triangular factor L of positive definite matrices: x = L L^H."""
    return like(x)


_cholesky_factor.meaning(np.linalg.cholesky)


@_cholesky_factor.vjp
def _(g: Any, y: Any, x: Any) -> Any:
    lower = tril(matmul(matrix_transpose(y), g))
    half = lower - multiply(lower, eye(x.shape[-1], dtype=x.dtype)) * 0.5
    inner = OPS["linear_solution"](matrix_transpose(y), half)
    s = matrix_transpose(OPS["linear_solution"](matrix_transpose(y), matrix_transpose(inner)))
    return (s + matrix_transpose(s)) * 0.5


@composite(
    canonical=_SYMMETRIC,
    cases=[
        Case((Sample(("batch", 3, 3), transform=_definite),), bound=_BOUND),
        Case((Sample((3, 3), transform=_definite),), {"upper": True}, "upper", bound=_BOUND),
    ],
)
def cholesky(x: Array, upper: bool = False) -> Any:
    """Cholesky factor of positive definite matrices: the lower triangular L with x = L L^H.

    Arguments:
        x: Array of shape (..., n, n), positive definite.
        upper: Whether to return L^H.

    Returns:
        Array of the shape of x.

    Raises:
        ShapeError: unless the matrices are square.

    Source: array API standard 2024.12, linalg.cholesky.

    Example:
        >>> ops.cholesky([[4.0, 2.0], [2.0, 5.0]]).tolist()
        [[2.0, 0.0], [1.0, 2.0]]
    """
    lower = _cholesky_factor(x)
    return transposed(lower) if upper else lower


@primitive(name="eigen_factors", canonical=_SYMMETRIC, cases=[_ONE])
def _eigen_factors(x: Array) -> tuple[Spec, Spec]:
    """Eigenvalues in ascending order, and eigenvectors of any phase."""
    return Spec(x.shape[:-1], dtypes.real_of(x.dtype)), like(x)


_eigen_factors.meaning(lambda x: tuple(np.linalg.eigh(x)))


def _reciprocal_gaps(values: Any) -> Any:
    """1 / (values[j] - values[i]), 0 on the diagonal."""
    gaps = subtract(expand_dims(values, -2), expand_dims(values, -1))
    none = equal(gaps, 0.0)
    return where(none, 0.0, divide(1.0, where(none, 1.0, gaps)))


@_eigen_factors.vjp
def _(g: Any, y: Any, x: Any) -> Any:
    values, vectors = y
    inner = _reciprocal_gaps(values) * matmul(matrix_transpose(vectors), g[1])
    inner = inner + multiply(expand_dims(g[0], -1), eye(x.shape[-1], dtype=x.dtype))
    full = matmul(matmul(vectors, inner), matrix_transpose(vectors))
    return (full + matrix_transpose(full)) * 0.5


def _phases(vectors: Any) -> Any:
    """What to divide each column by, of shape (..., 1, columns), for its first not small element to be positive."""
    if 0 in vectors.shape[-2:]:
        return OPS["ones"]((*vectors.shape[:-2], 1, vectors.shape[-1]), vectors.dtype)
    size = abs(vectors)
    place = argmax(cast(greater_equal(size, amax(size, -2, True) * 0.3), dtypes.int32), -2, True)
    first = stop_gradient(take_along_axis(vectors, place, -2))
    return divide(first, abs(first))


@composite(
    canonical=_SYMMETRIC,
    cases=[Case((Sample(("batch", 3, 3), transform=_symmetric),), dtypes=("float32", "float64"), bound=_BOUND)],
)
def eigh(x: Array) -> Any:
    """Eigenvalues and eigenvectors of symmetric (Hermitian) matrices: x = V diag(w) V^H.

    Arguments:
        x: Array of shape (..., n, n).

    Returns:
        `(w, V)`: eigenvalues in ascending order, of shape (..., n), and the eigenvectors in the columns of V, each of
        length 1, its sign as the module says.

    Raises:
        ShapeError: unless the matrices are square.

    Source: array API standard 2024.12, linalg.eigh.

    Example:
        >>> ops.eigh([[2.0, 0.0], [0.0, 1.0]])[0].tolist()
        [1.0, 2.0]
    """
    values, vectors = _eigen_factors(x)
    return values, divide(vectors, _phases(vectors))


@composite(canonical=_SYMMETRIC, cases=[Case((Sample((2, 3, 3), transform=_symmetric),), bound=_BOUND)])
def eigvalsh(x: Array) -> Any:
    """Eigenvalues of symmetric (Hermitian) matrices, in ascending order.

    Arguments:
        x: Array of shape (..., n, n).

    Returns:
        Array of shape (..., n).

    Raises:
        ShapeError: unless the matrices are square.

    Source: array API standard 2024.12, linalg.eigvalsh.

    Example:
        >>> ops.eigvalsh([[2.0, 0.0], [0.0, 1.0]]).tolist()
        [1.0, 2.0]
    """
    return _eigen_factors(x)[0]


def _mode(call: dict[str, Any]) -> None:
    if call["mode"] not in ("reduced", "complete"):
        raise ArgumentError(f"mode is 'reduced' or 'complete', got {call['mode']!r}.")


@primitive(name="orthogonal_factors", canonical=_ANY, cases=[_ONE])
def _orthogonal_factors(x: Array, mode: str = "reduced") -> tuple[Spec, Spec]:
    """An orthogonal and an upper triangular factor, the diagonal of the latter of any phase."""
    *batch, rows, columns = x.shape
    inner = rows if mode == "complete" else min(rows, columns)
    return Spec((*batch, rows, inner), x.dtype), Spec((*batch, inner, columns), x.dtype)


_orthogonal_factors.meaning(lambda x, mode: tuple(np.linalg.qr(x, mode)))


@_orthogonal_factors.vjp
def _(g: Any, y: Any, x: Any, mode: str) -> Any:
    if x.shape[-2] < x.shape[-1] or (mode == "complete" and x.shape[-2] != x.shape[-1]):
        raise GradientError("qr() has a gradient for mode 'reduced' and matrices that are not wider than tall.")
    q, r = y
    m = subtract(matmul(r, matrix_transpose(g[1])), matmul(matrix_transpose(g[0]), q))
    symmetric = tril(m) + matrix_transpose(tril(m, -1))
    left = g[0] + matmul(q, symmetric)
    return matrix_transpose(OPS["linear_solution"](r, matrix_transpose(left)))


@composite(
    canonical=chained(_ANY, _mode),
    cases=[
        Case((Sample(("batch", 4, 3), transform=_spread_out),), {}, "tall", ("float32", "float64"), bound=_BOUND),
        Case((Sample((2, 3), transform=_spread_out),), {}, "wide", bound=_BOUND, differentiable=False),
        Case((Sample((3, 3), transform=_spread_out),), {"mode": "complete"}, "complete", bound=_BOUND),
    ],
)
def qr(x: Array, mode: str = "reduced") -> Any:
    """QR decomposition: x = Q R, the columns of Q orthonormal, R upper triangular with a diagonal that is not negative.

    Arguments:
        x: Array of shape (..., m, n).
        mode: "reduced" for Q of shape (..., m, min(m, n)), "complete" for (..., m, m).

    Returns:
        `(Q, R)`.

    Raises:
        ArgumentError: for another mode.
        ShapeError: for fewer than two axes.

    Source: array API standard 2024.12, linalg.qr.

    Example:
        >>> ops.qr([[2.0, 1.0], [0.0, 3.0]])[1].tolist()
        [[2.0, 1.0], [0.0, 3.0]]
    """
    q, r = _orthogonal_factors(x, mode)
    if 0 in x.shape[-2:]:
        return q, r
    pivots = stop_gradient(diagonal(r, 0, -2, -1))
    size = abs(pivots)
    phase = where(equal(size, 0.0), 1.0, divide(pivots, where(equal(size, 0.0), 1.0, size)))
    if missing := q.shape[-1] - phase.shape[-1]:
        phase = OPS["concatenate"]([phase, OPS["ones"]((*phase.shape[:-1], missing), phase.dtype)], -1)
    return multiply(q, expand_dims(phase, -2)), multiply(r, expand_dims(conj(phase), -1))


@primitive(name="singular_factors", canonical=_ANY, cases=[_ONE])
def _singular_factors(x: Array, full_matrices: bool = True) -> tuple[Spec, Spec, Spec]:
    """Left singular vectors, singular values in descending order, right singular vectors in rows; of any phase."""
    *batch, rows, columns = x.shape
    k = min(rows, columns)
    left, right = (rows, columns) if full_matrices else (k, k)
    values = Spec((*batch, k), dtypes.real_of(x.dtype))
    return Spec((*batch, rows, left), x.dtype), values, Spec((*batch, right, columns), x.dtype)


_singular_factors.meaning(lambda x, full_matrices: tuple(np.linalg.svd(x, full_matrices)))


@_singular_factors.vjp
def _(g: Any, y: Any, x: Any, full_matrices: bool) -> Any:
    if full_matrices and x.shape[-1] != x.shape[-2]:
        raise GradientError("svd() has a gradient for full_matrices=False only, unless the matrices are square.")
    u, s, vh = y
    v, gv = matrix_transpose(vh), matrix_transpose(g[2])
    f = _reciprocal_gaps(s * s)
    row, column = expand_dims(s, -2), expand_dims(s, -1)
    about_u = matmul(matrix_transpose(u), g[0])
    about_v = matmul(matrix_transpose(v), gv)
    core = (f * subtract(about_u, matrix_transpose(about_u))) * row
    core = core + column * (f * subtract(about_v, matrix_transpose(about_v)))
    core = core + multiply(expand_dims(g[1], -1), eye(s.shape[-1], dtype=x.dtype))
    outside_u = divide(subtract(g[0], matmul(u, about_u)), row)
    outside_v = divide(subtract(gv, matmul(v, about_v)), row)
    return matmul(matmul(u, core) + outside_u, vh) + matmul(u, matrix_transpose(outside_v))


@composite(
    canonical=_ANY,
    cases=[
        Case((Sample(("batch", 4, 3), transform=_spread_out),), {"full_matrices": False}, "tall", bound=_BOUND),
        Case((Sample((2, 3), transform=_spread_out),), {"full_matrices": False}, "wide", bound=_BOUND),
        Case(
            (Sample((3, 3), transform=_spread_out),), {}, "square", ("float32", "float64"), bound=_BOUND, unique=False
        ),
    ],
)
def svd(x: Array, full_matrices: bool = True) -> Any:
    """Singular value decomposition: x = U diag(S) Vh.

    Arguments:
        x: Array of shape (..., m, n).
        full_matrices: Whether U and Vh are square; the columns and rows beyond min(m, n) are any orthonormal ones.

    Returns:
        `(U, S, Vh)`: S in descending order, of shape (..., min(m, n)); the columns of U and rows of Vh orthonormal, the
        signs of the columns of U as the module says.

    Raises:
        ShapeError: for fewer than two axes.

    Source: array API standard 2024.12, linalg.svd.

    Example:
        >>> ops.svd([[3.0, 0.0], [0.0, 2.0]])[1].tolist()
        [3.0, 2.0]
    """
    u, s, vh = _singular_factors(x, full_matrices)
    k = s.shape[-1]
    if k == 0:
        return u, s, vh
    phase = _phases(u)
    size = vh.shape[-2]
    rows = matrix_transpose(OPS["getitem"](phase, (..., slice(0, min(k, size)))))
    if size > k:
        rest = OPS["ones"]((*rows.shape[:-2], size - k, 1), rows.dtype)
        rows = OPS["concatenate"]([rows, rest], -2)
    return divide(u, phase), s, multiply(vh, rows)


@composite(canonical=_ANY, cases=[Case((Sample((2, 4, 3), transform=_spread_out),), bound=_BOUND)])
def svdvals(x: Array) -> Any:
    """Singular values, in descending order.

    Arguments:
        x: Array of shape (..., m, n).

    Returns:
        Array of shape (..., min(m, n)).

    Raises:
        ShapeError: for fewer than two axes.

    Source: array API standard 2024.12, linalg.svdvals.

    Example:
        >>> ops.svdvals([[3.0, 0.0], [0.0, 2.0]]).tolist()
        [3.0, 2.0]
    """
    return _singular_factors(x, False)[1]
