"""Products of matrices and vectors, diagonals, and linear algebra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback_torch.importer.aten._types import add, axis_of, cast, floating, multiply, promoted, value


def _product(self: Any, other: Any) -> Any:
    return ops.matmul(*promoted(self, other))


def _scaled(x: Any, by: Any) -> Any:
    if isinstance(by, bool | int | float) and by == 1:
        return x
    return multiply(x, cast(by, x.dtype))


def _plus(bias: Any, beta: Any, found: Any, alpha: Any) -> Any:
    """beta * bias + alpha * found, where a NaN of the bias is ignored when beta is 0."""
    found = _scaled(found, alpha)
    return found if isinstance(beta, int | float) and beta == 0 else add(_scaled(cast(bias, found.dtype), beta), found)


def _addmm(self: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    x, kernel = value(mat1), value(mat2)
    if beta == alpha == 1 and x.dtype.is_float and tuple(self.shape) == (kernel.shape[-1],):
        return ops.linear(x, kernel, value(self))
    found = _plus(self, beta, ops.matmul(x, kernel), alpha)
    return ops.broadcast_to(found, (x.shape[0], kernel.shape[-1]))


def _addbmm(self: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    return _plus(value(self), beta, ops.sum(ops.matmul(batch1, batch2), 0), alpha)


def _baddbmm(self: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    return _plus(value(self), beta, ops.matmul(batch1, batch2), alpha)


def _addmv(self: Any, mat: Any, vec: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    return _plus(value(self), beta, ops.matmul(mat, vec), alpha)


def _addr(self: Any, vec1: Any, vec2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    return _plus(value(self), beta, _outer(vec1, vec2), alpha)


def _outer(self: Any, vec2: Any) -> Any:
    a, b = promoted(self, vec2)
    return multiply(ops.expand_dims(a, -1), b) if a.dtype.kind == "b" else ops.outer(a, b)


def _dot(self: Any, other: Any) -> Any:
    a, b = promoted(self, other)
    return ops.matmul(a, b)


def _vdot(self: Any, other: Any) -> Any:
    return ops.matmul(ops.conj(self), other)


def _inner(self: Any, other: Any) -> Any:
    return ops.inner(*promoted(self, other))


def _einsum(equation: str, tensors: Sequence[Any], *, path: Any = None) -> Any:
    return ops.einsum(equation.replace(" ", ""), *promoted(*tensors))


def _tensordot(self: Any, other: Any, dims_self: Sequence[int], dims_other: Sequence[int]) -> Any:
    a, b = (value(x) for x in promoted(self, other))
    for i, j in zip(dims_self, dims_other):
        # Torch lets an axis of size 1 stand for any size.
        if a.shape[i] != b.shape[j]:
            a, b = (ops.sum(a, i, True), b) if b.shape[j] == 1 else (a, ops.sum(b, j, True))
    return ops.tensordot(a, b, (tuple(dims_self), tuple(dims_other)))


def _kron(self: Any, other: Any) -> Any:
    a, b = (value(x) for x in promoted(self, other))
    rank = max(len(a.shape), len(b.shape))
    a, b = (ops.reshape(x, (*[1] * (rank - len(x.shape)), *x.shape)) for x in (a, b))
    left = ops.reshape(a, [s for n in a.shape for s in (n, 1)])
    right = ops.reshape(b, [s for n in b.shape for s in (1, n)])
    return ops.reshape(multiply(left, right), [m * n for m, n in zip(a.shape, b.shape)])


def _chained(tensors: Sequence[Any]) -> Any:
    found = value(tensors[0])
    for x in tensors[1:]:
        found = ops.matmul(found, x)
    return found


def _cross(self: Any, other: Any, dim: int | None = None) -> Any:
    a, b = promoted(self, other)
    # Torch's older function takes the first axis with three elements.
    return ops.cross(a, b, next(i for i, n in enumerate(self.shape) if n == 3) if dim is None else dim)


def _linalg_cross(self: Any, other: Any, *, dim: int = -1) -> Any:
    return ops.cross(*promoted(self, other), dim)


def _vecdot(x: Any, y: Any, *, dim: int = -1) -> Any:
    a, b = promoted(x, y)
    return ops.sum(ops.multiply(ops.conj(a), b), dim)


def _diagonal(self: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    x = value(self)
    return ops.diagonal(x, offset, axis_of(dim1, x), axis_of(dim2, x))


def _linalg_diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    return _diagonal(A, offset, dim1, dim2)


def _diag(self: Any, diagonal: int = 0) -> Any:
    return ops.diag(self, diagonal)


def _diag_embed(self: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    x = value(self)
    ndim = len(x.shape) + 1
    count = x.shape[-1] + abs(offset)
    # The elements stand by the row above the main diagonal, by the column below it; both count from 0 there.
    wide = ops.constant_pad(x, (*[(0, 0)] * (ndim - 2), (0, abs(offset))), _zero(x))
    rows, columns = np.indices((count, count))
    found = ops.where(columns - rows == offset, ops.expand_dims(wide, -1 if offset >= 0 else -2), _zero(x))
    a, b = dim1 % ndim, dim2 % ndim
    return ops.moveaxis(found, (-2, -1), (a, b))


def _zero(x: Any) -> Any:
    return False if x.dtype.kind == "b" else 0


def _tril(self: Any, diagonal: int = 0) -> Any:
    return ops.tril(self, diagonal)


def _triu(self: Any, diagonal: int = 0) -> Any:
    return ops.triu(self, diagonal)


def _trace(self: Any) -> Any:
    x = value(self)
    return ops.trace(x if x.dtype.is_inexact else cast(x, dtypes.int64))


def _inv_ex(A: Any, *, check_errors: bool = False) -> Any:
    x = value(A)
    return ops.inv(x), ops.zeros(x.shape[:-2], dtypes.int32)


def _inverse(self: Any) -> Any:
    return ops.inv(self)


def _cholesky_ex(self: Any, *, upper: bool = False, check_errors: bool = False) -> Any:
    x = value(self)
    return ops.cholesky(x, upper), ops.zeros(x.shape[:-2], dtypes.int32)


def _linalg_cholesky(self: Any, *, upper: bool = False) -> Any:
    return ops.cholesky(self, upper)


def _cholesky(self: Any, upper: bool = False) -> Any:
    return ops.cholesky(ops.conj(ops.matrix_transpose(self)) if upper else self, upper)


def _det(A: Any) -> Any:
    return ops.det(A)


def _slogdet(A: Any) -> Any:
    return ops.slogdet(A)


def _is_vectors(a: Any, b: Any) -> bool:
    return len(b.shape) == 1 or (len(a.shape) - 1 == len(b.shape) and tuple(b.shape) == tuple(a.shape[:-1]))


def _solve(A: Any, B: Any, *, left: bool = True) -> Any:
    a, b = value(A), value(B)
    vectors = _is_vectors(a, b)
    b = ops.expand_dims(b, -1) if vectors else b
    if left:
        found = ops.solve(a, b)
    else:
        found = ops.matrix_transpose(ops.solve(ops.matrix_transpose(a), ops.matrix_transpose(b)))
    return ops.squeeze(found, -1) if vectors else found


def _solve_triangular(self: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    a = ops.triu(self) if upper else ops.tril(self)
    if unitriangular:
        a = ops.where(np.eye(a.shape[-1], dtype=bool), 1.0, a)
    b = value(B)
    if left:
        return ops.solve(a, b)
    return ops.matrix_transpose(ops.solve(ops.matrix_transpose(a), ops.matrix_transpose(b)))


def _matrix_power(self: Any, n: int) -> Any:
    return ops.matrix_power(self, n)


def _pinv(self: Any, rcond: Any = 1e-15, hermitian: bool = False) -> Any:
    return ops.pinv(_hermitian(value(self), "L") if hermitian else self, rcond)


def _linalg_pinv(self: Any, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Any:
    x = _hermitian(value(self), "L") if hermitian else value(self)
    if atol is None:
        return ops.pinv(x, rtol)
    relative = ops.divide(atol, ops.amax(ops.svdvals(x), -1))
    return ops.pinv(x, relative if rtol is None else ops.maximum(relative, rtol))


def _eigvalsh(self: Any, UPLO: str = "L") -> Any:
    return ops.eigvalsh(_hermitian(value(self), UPLO))


def _svd(A: Any, full_matrices: bool = False, compute_uv: bool = True, *, driver: Any = None) -> Any:
    """The signs of singular vectors are those of ops.svd, which torch leaves open."""
    return ops.svd(A, full_matrices) if compute_uv else (None, ops.svdvals(A), None)


def _linalg_svd(A: Any, full_matrices: bool = True, *, driver: Any = None) -> Any:
    return ops.svd(A, full_matrices)


def _eigh(A: Any, UPLO: str = "L", compute_v: bool = True) -> Any:
    """The signs of eigenvectors are those of ops.eigh, which torch leaves open."""
    x = _hermitian(value(A), UPLO)
    return ops.eigh(x) if compute_v else (ops.eigvalsh(x), None)


def _qr(A: Any, mode: str = "reduced") -> Any:
    """The diagonal of R is not negative, a sign that torch leaves open."""
    return ops.qr(A, mode)


def _hermitian(x: Any, uplo: str) -> Any:
    """The matrices of which torch reads one triangle only."""
    lower = ops.tril(x) if uplo == "L" else ops.conj(ops.matrix_transpose(ops.triu(x)))
    return ops.add(lower, ops.conj(ops.matrix_transpose(ops.tril(lower, -1))))


def _gram(factor: Any, upper: bool) -> Any:
    x = ops.triu(factor) if upper else ops.tril(factor)
    adjoint = ops.conj(ops.matrix_transpose(x))
    return ops.matmul(adjoint, x) if upper else ops.matmul(x, adjoint)


def _cholesky_inverse(self: Any, upper: bool = False) -> Any:
    return ops.inv(_gram(self, upper))


def _cholesky_solve(self: Any, input2: Any, upper: bool = False) -> Any:
    return ops.solve(_gram(input2, upper), self)


def _triangular_solve(
    self: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    a = ops.matrix_transpose(value(A)) if transpose else value(A)
    return _solve_triangular(a, self, upper=upper != transpose, unitriangular=unitriangular), A


def _cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: int | None = None) -> Any:
    a, b = ops.expand_dims(floating(x1), -2), ops.expand_dims(floating(x2), -3)
    return ops.vector_norm(ops.subtract(a, b), -1, False, p)


def _pdist(self: Any, p: float = 2) -> Any:
    rows, columns = np.triu_indices(self.shape[0], 1)
    a, b = (ops.take(self, places.astype(np.int32), 0) for places in (rows, columns))
    return ops.vector_norm(ops.subtract(a, b), -1, False, p)


def _renorm(self: Any, p: float, dim: int, maxnorm: float) -> Any:
    x = value(self)
    axes = tuple(a for a in range(len(x.shape)) if a != axis_of(dim, x))
    size = ops.vector_norm(x, axes, True, p)
    return ops.multiply(x, ops.where(ops.greater(size, maxnorm), ops.divide(maxnorm, ops.add(size, 1e-7)), 1.0))


def _matrix_norm(self: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None) -> Any:
    x = cast(self, dtype) if dtype else value(self)
    axes = tuple(axis_of(d, x) for d in dim)
    moved = ops.moveaxis(x, axes, (-2, -1))
    found = ops.matrix_norm(moved, False, ord)
    return ops.expand_dims(found, tuple(sorted(axes))) if keepdim else found


HANDLERS = {
    "aten._cdist_forward": _cdist,
    "aten._pdist_forward": _pdist,
    "aten.addbmm": _addbmm,
    "aten.addmm": _addmm,
    "aten.addmv": _addmv,
    "aten.addr": _addr,
    "aten.baddbmm": _baddbmm,
    "aten.bmm": _product,
    "aten.cdist": _cdist,
    "aten.chain_matmul": _chained,
    "aten.cholesky": _cholesky,
    "aten.cross": _cross,
    "aten.det": _det,
    "aten.diag": _diag,
    "aten.diag_embed": _diag_embed,
    "aten.diagonal": _diagonal,
    "aten.diagonal_copy": _diagonal,
    "aten.dot": _dot,
    "aten.einsum": _einsum,
    "aten.ger": _outer,
    "aten.inner": _inner,
    "aten.inverse": _inverse,
    "aten.kron": _kron,
    "aten.linalg_cholesky": _linalg_cholesky,
    "aten.linalg_cholesky_ex": _cholesky_ex,
    "aten.linalg_cross": _linalg_cross,
    "aten.linalg_det": _det,
    "aten.linalg_diagonal": _linalg_diagonal,
    "aten.linalg_eigvalsh": _eigvalsh,
    "aten.linalg_inv": _inverse,
    "aten.linalg_inv_ex": _inv_ex,
    "aten.linalg_matmul": _product,
    "aten.linalg_matrix_norm": _matrix_norm,
    "aten.linalg_matrix_power": _matrix_power,
    "aten.linalg_multi_dot": _chained,
    "aten._linalg_eigh": _eigh,
    "aten._linalg_svd": _svd,
    "aten.linalg_eigh": _eigh,
    "aten.linalg_qr": _qr,
    "aten.linalg_svd": _linalg_svd,
    "aten._linalg_slogdet": lambda A: (*ops.slogdet(A), None, None),
    "aten._linalg_solve_ex": lambda A, B, *, left=True, check_errors=False: (_solve(A, B, left=left), None, None, None),
    "aten.cholesky_inverse": _cholesky_inverse,
    "aten.cholesky_solve": _cholesky_solve,
    "aten.linalg_pinv": _pinv,
    "aten.linalg_pinv.atol_rtol_float": _linalg_pinv,
    "aten.linalg_pinv.atol_rtol_tensor": _linalg_pinv,
    "aten.linalg_solve_ex": lambda A, B, *, left=True, check_errors=False: (
        _solve(A, B, left=left),
        ops.zeros(A.shape[:-2], dtypes.int32),
    ),
    "aten.triangular_solve": _triangular_solve,
    "aten.linalg_slogdet": _slogdet,
    "aten.linalg_solve": _solve,
    "aten.linalg_solve_triangular": _solve_triangular,
    "aten.linalg_svdvals": lambda A, *, driver=None: ops.svdvals(A),
    "aten.linalg_vecdot": _vecdot,
    "aten.matmul": _product,
    "aten.matrix_power": _matrix_power,
    "aten.mm": _product,
    "aten.mv": _product,
    "aten.outer": _outer,
    "aten.pinverse": lambda self, rcond=1e-15: _pinv(self, rcond),
    "aten.pdist": _pdist,
    "aten.renorm": _renorm,
    "aten.slogdet": _slogdet,
    "aten.tensordot": _tensordot,
    "aten.trace": _trace,
    "aten.tril": _tril,
    "aten.triu": _triu,
    "aten.vdot": _vdot,
}
