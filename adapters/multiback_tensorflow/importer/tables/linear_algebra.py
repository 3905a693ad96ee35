"""Products, decompositions, diagonals, and Fourier transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.porting.host_values import as_sizes
from multiback_tensorflow.importer.tables.shaping import axes_of

Handler = Callable[..., Any]


def _adjoint(x: Any) -> Any:
    flipped = ops.swapaxes(x, -1, -2)
    return ops.conj(flipped) if x.dtype.is_complex else flipped


def _matmul(a: Any, b: Any, transpose_a: bool, transpose_b: bool, **_: Any) -> Any:
    return ops.matmul(ops.transpose(a) if transpose_a else a, ops.transpose(b) if transpose_b else b)


def _batch_matmul(a: Any, b: Any, adj_x: bool, adj_y: bool, **attributes: Any) -> Any:
    result = ops.matmul(_adjoint(a) if adj_x else a, _adjoint(b) if adj_y else b)
    wanted = attributes.get("Tout")
    return result if wanted is None or result.dtype == wanted else ops.cast(result, wanted)


def _einsum(*operands: Any, equation: str, **_: Any) -> Any:
    return ops.einsum(equation, *operands)


def _inverse(x: Any, adjoint: bool, **_: Any) -> Any:
    return ops.inv(_adjoint(x) if adjoint else x)


def _solve(a: Any, b: Any, adjoint: bool, **_: Any) -> Any:
    return ops.solve(_adjoint(a) if adjoint else a, b)


def _triangular_solve(a: Any, b: Any, lower: bool, adjoint: bool, **_: Any) -> Any:
    a = ops.tril(a) if lower else ops.triu(a)
    return ops.solve(_adjoint(a) if adjoint else a, b)


def _log_determinant(x: Any, **_: Any) -> Any:
    return tuple(ops.slogdet(x))


def _self_adjoint_eigen(x: Any, compute_v: bool, **_: Any) -> Any:
    values, vectors = ops.eigh(x)
    return (values, vectors) if compute_v else (values, ops.zeros((0,), x.dtype))


def _svd(x: Any, compute_uv: bool, full_matrices: bool, **_: Any) -> Any:
    if not compute_uv:
        empty = ops.zeros((0,), x.dtype)
        return ops.svdvals(x), empty, empty
    u, s, vt = ops.svd(x, full_matrices=full_matrices)
    return s, u, _adjoint(vt)


def _qr(x: Any, full_matrices: bool, **_: Any) -> Any:
    return tuple(ops.qr(x, mode="complete" if full_matrices else "reduced"))


def _band_part(x: Any, lower: Any, upper: Any, **_: Any) -> Any:
    low, high = axes_of(lower)[0], axes_of(upper)[0]
    x = ops.tril(x, high) if high >= 0 else x
    return ops.triu(x, -low) if low >= 0 else x


def _diagonal_matrix(x: Any, **_: Any) -> Any:
    size = x.shape[-1]
    eye = ops.equal(ops.iota(size)[:, None], ops.iota(size)[None, :])
    return ops.where(eye, x[..., None], ops.cast(0, x.dtype))


def _diagonal_matrix_at(x: Any, k: Any, rows: Any, columns: Any, padding: Any, **attributes: Any) -> Any:
    """One diagonal, or a band of them, of a matrix that is `padding` elsewhere."""
    offsets = axes_of(k)
    low, high = offsets[0], offsets[-1]
    banded = x[..., None, :] if low == high and len(offsets) == 1 else x
    length = banded.shape[-1]
    n, m = as_sizes(rows)[0], as_sizes(columns)[0]
    least_rows, least_columns = length - min(high, 0), length + max(low, 0)
    if n == -1 and m == -1:
        n = m = length + max(0, -high, low)
    n, m = least_rows if n == -1 else n, least_columns if m == -1 else m
    i, j = ops.iota(n)[:, None], ops.iota(m)[None, :]
    result: Any = ops.broadcast_to(padding, (*banded.shape[:-2], n, m))
    for row, offset in enumerate(range(high, low - 1, -1)):
        place = ops.minimum(i, j) + _start(offset, n, m, length, attributes.get("align", "LEFT_LEFT"))
        values = _spread(banded[..., row, :], place, length)
        result = ops.where(ops.equal(j - i, offset), values, result)
    return result


def _spread(row: Any, places: Any, length: Any) -> Any:
    """Elements of the last axis at a matrix of places; what lies outside is not used."""
    return ops.take(row, ops.minimum(ops.maximum(places, 0), length - 1), row.ndim - 1)


def _start(offset: int, rows: Any, columns: Any, length: Any, align: str) -> Any:
    """Where a diagonal begins within its row of the packed form."""
    upper, lower = align.split("_")
    left = (offset >= 0 and upper == "LEFT") or (offset <= 0 and lower == "LEFT")
    return 0 if left else length - min(rows + min(0, offset), columns - max(0, offset))


def _diagonal_part(x: Any, **_: Any) -> Any:
    return ops.diagonal(x, 0, -2, -1)


def _diagonal_part_at(x: Any, k: Any, padding: Any, **attributes: Any) -> Any:
    offsets = axes_of(k)
    low, high = offsets[0], offsets[-1]
    if low == high:
        return ops.diagonal(x, low, -2, -1)
    n, m = x.shape[-2:]
    longest = min(n + min(high, 0), m + min(-low, 0))
    rows = []
    for offset in range(high, low - 1, -1):
        own = ops.diagonal(x, offset, -2, -1)
        missing = longest - own.shape[-1]
        start = _start(offset, n, m, longest, attributes.get("align", "LEFT_LEFT"))
        widths = [(0, 0)] * (own.ndim - 1)
        inside = ops.constant_pad(ops.ones((own.shape[-1],), "bool"), ((start, missing - start),), False)
        own = ops.constant_pad(own, (*widths, (start, missing - start)), 0)
        rows.append(ops.where(inside, own, padding))
    return ops.stack(rows, -2)


def _set_diagonal(x: Any, diagonal: Any, **_: Any) -> Any:
    eye = ops.equal(ops.iota(x.shape[-2])[:, None], ops.iota(x.shape[-1])[None, :])
    along_rows = diagonal.shape[-1] == x.shape[-2]
    return ops.where(eye, diagonal[..., :, None] if along_rows else diagonal[..., None, :], x)


def _set_diagonal_at(x: Any, diagonal: Any, k: Any, **_: Any) -> Any:
    offsets = axes_of(k)
    if offsets[0] != 0 or offsets[-1] != 0:
        raise ArgumentError(f"MatrixSetDiag is supported on the main diagonal, got k={offsets}.")
    return _set_diagonal(x, diagonal)


def _diagonal_tensor(x: Any, **_: Any) -> Any:
    flat = ops.reshape(x, (-1,)) if x.ndim != 1 else x
    matrix = _diagonal_matrix(flat)
    return ops.reshape(matrix, (*x.shape, *x.shape))


def _diagonal_of_tensor(x: Any, **_: Any) -> Any:
    half = x.shape[: x.ndim // 2]
    size = 1
    for n in half:
        size = size * n
    return ops.reshape(ops.diagonal(ops.reshape(x, (size, size)), 0, -2, -1), half)


def _fourier(axes: int, inverse: bool) -> Handler:
    def handler(x: Any, **_: Any) -> Any:
        for axis in range(-axes, 0):
            x = ops.discrete_fourier_transform(x, axis, inverse)
        return x

    return handler


def _fit(x: Any, axis: int, size: Any) -> Any:
    """x cut or filled up with zeros to `size` along a negative axis."""
    have = x.shape[axis]
    if have == size:
        return x
    if isinstance(have, int) and isinstance(size, int) and have > size:
        return x[(..., slice(0, size), *[slice(None)] * (-axis - 1))]
    return ops.constant_pad(x, tuple((0, size - have) if a == x.ndim + axis else (0, 0) for a in range(x.ndim)), 0)


def _real_fourier(axes: int) -> Handler:
    def handler(x: Any, lengths: Any, **_: Any) -> Any:
        sizes = as_sizes(lengths, "the lengths of a Fourier transform")
        for axis, size in zip(range(-axes, 0), sizes):
            x = _fit(x, axis, size)
        x = ops.complex(x, ops.zeros_like(x))
        for axis in range(-axes, 0):
            x = ops.discrete_fourier_transform(x, axis, False)
        return x[..., : sizes[-1] // 2 + 1]

    return handler


def _inverse_real_fourier(axes: int) -> Handler:
    def handler(x: Any, lengths: Any, **_: Any) -> Any:
        sizes = as_sizes(lengths, "the lengths of a Fourier transform")
        for axis, size in zip(range(-axes, -1), sizes):
            x = ops.discrete_fourier_transform(_fit(x, axis, size), axis, True)
        last = sizes[-1]
        x = _fit(x, -1, last // 2 + 1)
        # What was left out is the conjugate of what is there, in reverse order.
        rest = ops.flip(ops.conj(x[..., 1 : (last + 1) // 2]), -1)
        # The first element, and of an even length the middle one, count by their real part alone.
        return ops.real(ops.discrete_fourier_transform(ops.concatenate([x, rest], -1), -1, True))

    return handler


HANDLERS: dict[str, Handler] = {
    "BatchMatMul": _batch_matmul,
    "BatchMatMulV2": _batch_matmul,
    "BatchMatMulV3": _batch_matmul,
    "Cholesky": lambda x, **_: ops.cholesky(x),
    "Cross": lambda a, b, **_: ops.cross(a, b),
    "Diag": _diagonal_tensor,
    "DiagPart": _diagonal_of_tensor,
    "Einsum": _einsum,
    "FFT": _fourier(1, False),
    "FFT2D": _fourier(2, False),
    "FFT3D": _fourier(3, False),
    "IFFT": _fourier(1, True),
    "IFFT2D": _fourier(2, True),
    "IFFT3D": _fourier(3, True),
    "RFFT": _real_fourier(1),
    "RFFT2D": _real_fourier(2),
    "RFFT3D": _real_fourier(3),
    "IRFFT": _inverse_real_fourier(1),
    "IRFFT2D": _inverse_real_fourier(2),
    "IRFFT3D": _inverse_real_fourier(3),
    "LogMatrixDeterminant": _log_determinant,
    "MatMul": _matmul,
    "MatrixBandPart": _band_part,
    "MatrixDeterminant": lambda x, **_: ops.det(x),
    "MatrixDiag": _diagonal_matrix,
    "MatrixDiagPart": _diagonal_part,
    "MatrixDiagPartV2": _diagonal_part_at,
    "MatrixDiagPartV3": _diagonal_part_at,
    "MatrixDiagV2": _diagonal_matrix_at,
    "MatrixDiagV3": _diagonal_matrix_at,
    "MatrixInverse": _inverse,
    "MatrixSetDiag": _set_diagonal,
    "MatrixSetDiagV2": _set_diagonal_at,
    "MatrixSetDiagV3": _set_diagonal_at,
    "MatrixSolve": _solve,
    "MatrixTriangularSolve": _triangular_solve,
    "Qr": _qr,
    "SelfAdjointEigV2": _self_adjoint_eigen,
    "Svd": _svd,
}

STATIC: dict[str, tuple[int, ...]] = {
    "MatrixBandPart": (1, 2),
    "MatrixDiagPartV2": (1,),
    "MatrixDiagPartV3": (1,),
    "MatrixDiagV2": (1, 2, 3),
    "MatrixDiagV3": (1, 2, 3),
    "MatrixSetDiagV2": (2,),
    "MatrixSetDiagV3": (2,),
    **{f"{inverse}RFFT{rank}": (1,) for inverse in ("", "I") for rank in ("", "2D", "3D")},
}
