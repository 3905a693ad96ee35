"""Decompositions of matrices and solutions of linear equations."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import UnsupportedModel
from multiback_jax.importer.node import Handler, Node, cast

_PHASE = (
    "The signs of {} are not defined by mathematics: here they are chosen so that {}, which can differ from JAX's "
    "choice."
)


def _adjoint(x: Any) -> Any:
    return ops.conj(ops.swapaxes(x, -1, -2))


def _cholesky(node: Node, x: Any) -> Any:
    if node.params.get("symmetrize_input", False):
        x = ops.divide(ops.add(x, _adjoint(x)), 2)
    return ops.cholesky(x)


def _triangular_solve(node: Node, a: Any, b: Any) -> Any:
    a = ops.tril(a) if node["lower"] else ops.triu(a)
    if node["unit_diagonal"]:
        strict = ops.tril(a, -1) if node["lower"] else ops.triu(a, 1)
        a = ops.add(strict, ops.eye(int(a.shape[-1]), dtype=a.dtype))
    if node["conjugate_a"]:
        a = ops.conj(a)
    if node["transpose_a"]:
        a = ops.swapaxes(a, -1, -2)
    if node["left_side"]:
        return ops.solve(a, b)
    return ops.swapaxes(ops.solve(ops.swapaxes(a, -1, -2), ops.swapaxes(b, -1, -2)), -1, -2)


def _lu(node: Node, a: Any) -> Any:
    """Elimination column by column with partial pivoting; each step exchanges two rows."""
    *batch, rows, columns = a.shape
    places, across = ops.iota(rows), ops.iota(columns)
    order = ops.broadcast_to(places, (*batch, rows))

    def step(carry: Any, k: Any) -> Any:
        matrix, order = carry
        column = ops.squeeze(ops.take(matrix, ops.reshape(k, (1,)), -1), -1)
        sizes = ops.where(ops.less(places, k), -1.0, ops.abs(column))
        pivot = ops.expand_dims(ops.argmax(sizes, axis=-1), -1)
        swapped = ops.where(ops.equal(places, k), pivot, ops.where(ops.equal(places, pivot), k, places))
        order = ops.take_along_axis(order, swapped, -1)
        matrix = ops.take_along_axis(matrix, ops.expand_dims(swapped, -1), -2)
        row = ops.take(matrix, ops.reshape(k, (1,)), -2)
        column = ops.take(matrix, ops.reshape(k, (1,)), -1)
        diagonal = ops.take(row, ops.reshape(k, (1,)), -1)
        safe = ops.where(ops.equal(diagonal, 0), ops.ones_like(diagonal), diagonal)
        below = ops.reshape(ops.greater(places, k), (rows, 1))
        factors = ops.where(below, ops.divide(column, safe), 0)
        right = ops.greater(across, k)
        matrix = ops.subtract(matrix, ops.multiply(factors, ops.where(right, row, 0)))
        here = ops.logical_and(below, ops.equal(across, k))
        return (ops.where(here, factors, matrix), order), ops.squeeze(pivot, -1)

    (matrix, order), pivots = ops.scan(step, (a, order), ops.iota(min(int(rows), int(columns))))
    return matrix, cast(ops.moveaxis(pivots, 0, -1), node.specs[1].dtype), cast(order, node.specs[2].dtype)


def _pivots_to_permutation(node: Node, pivots: Any) -> Any:
    *batch, steps = pivots.shape
    size = node.shape[-1]
    places = ops.iota(size)
    order = ops.broadcast_to(places, (*batch, size))

    def step(order: Any, row: Any) -> Any:
        k, pivot = row
        pivot = ops.expand_dims(pivot, -1)
        swapped = ops.where(ops.equal(places, k), pivot, ops.where(ops.equal(places, pivot), k, places))
        return ops.take_along_axis(order, swapped, -1), ()

    last, _ = ops.scan(step, order, (ops.iota(steps), ops.moveaxis(cast(pivots, order.dtype), -1, 0)))
    return cast(last, node.dtype)


def _qr(node: Node, x: Any) -> Any:
    if node.params.get("pivoting", False):
        raise UnsupportedModel("A QR decomposition with pivoting cannot be ported.")
    node.note(_PHASE.format("a QR decomposition", "the diagonal of R is not negative"))
    return ops.qr(x, mode="complete" if node["full_matrices"] else "reduced")


def _eigh(node: Node, x: Any) -> Any:
    # Only one triangle is read.
    x = ops.tril(x) if node["lower"] else ops.triu(x)
    size = int(x.shape[-1])
    diagonal = ops.multiply(x, ops.eye(size, dtype=x.dtype))
    x = ops.subtract(ops.add(x, _adjoint(x)), diagonal)
    if node.params.get("subset_by_index") is not None:
        raise UnsupportedModel("eigh of a subset of the eigenvalues cannot be ported.")
    node.note(_PHASE.format("eigenvectors", "they are the same on every backend"))
    values, vectors = ops.eigh(x)
    return vectors, values


def _svd(node: Node, x: Any) -> Any:
    if node.params.get("subset_by_index") is not None:
        raise UnsupportedModel("svd of a subset of the singular values cannot be ported.")
    if not node["compute_uv"]:
        return (ops.svdvals(x),)
    node.note(_PHASE.format("singular vectors", "they are the same on every backend"))
    u, s, vh = ops.svd(x, full_matrices=bool(node["full_matrices"]))
    return s, u, vh


def _tridiagonal_solve(node: Node, lower: Any, middle: Any, upper: Any, b: Any) -> Any:
    """As a full matrix: each diagonal is a row of the identity, moved."""
    size = int(middle.shape[-1])

    def placed(diagonal: Any, k: int) -> Any:
        eye = ops.eye(size, k=k, dtype=diagonal.dtype)
        return ops.multiply(eye, ops.expand_dims(diagonal, -1))

    matrix = ops.add(ops.add(placed(middle, 0), placed(lower, -1)), placed(upper, 1))
    return ops.solve(matrix, b)


HANDLERS: dict[str, Handler] = {
    "cholesky": _cholesky,
    "eigh": _eigh,
    "lu": _lu,
    "lu_pivots_to_permutation": _pivots_to_permutation,
    "qr": _qr,
    "svd": _svd,
    "triangular_solve": _triangular_solve,
    "tridiagonal_solve": _tridiagonal_solve,
}
