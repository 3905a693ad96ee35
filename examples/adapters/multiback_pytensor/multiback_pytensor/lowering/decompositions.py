"""Linear systems and decompositions of matrices.

Eigenvalues and singular values are left out: `pytensor.grad` of `eigh` is that of one triangle, and not a number when
taken twice; that of `svd` exists for `full_matrices=False` only.
"""

import pytensor.tensor as pt

from multiback_pytensor.gradients import with_gradient


def cholesky_factor(x):
    def rule(g, y, x):
        # Symmetric, where PyTensor's own is that of the lower triangle.
        upper = pt.swapaxes(y, -1, -2)
        lower = pt.tril(pt.matmul(upper, g))
        half = lower - lower * pt.eye(x.shape[-1], dtype=x.dtype) * pt.constant(0.5, dtype=x.dtype)
        inner = pt.swapaxes(pt.linalg.solve(upper, half, b_ndim=2), -1, -2)
        s = pt.linalg.solve(upper, inner, b_ndim=2)
        return (s + pt.swapaxes(s, -1, -2)) * pt.constant(0.5, dtype=x.dtype)

    return with_gradient(pt.linalg.cholesky(x), [x], rule)


def orthogonal_factors(x, *, mode):
    return tuple(pt.linalg.qr(x, mode={"reduced": "economic", "complete": "full"}[mode]))


LOWER = {
    "linear_solution": "pt.linalg.solve({x1:array}, {x2:array}, b_ndim=2)",
    "slogdet": "tuple(pt.linalg.slogdet({x:array}))",
    "cholesky_factor": cholesky_factor,
    "orthogonal_factors": orthogonal_factors,
}
