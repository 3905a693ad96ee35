"""Decompositions and solutions of linear equations."""

import tensorflow as tf


def singular_factors(x, *, full_matrices):
    s, u, v = tf.linalg.svd(x, full_matrices)
    return u, s, tf.linalg.adjoint(v)


def slogdet(x):
    sign, logarithm = tf.linalg.slogdet(x)
    return sign, tf.math.real(logarithm) if x.dtype.is_complex else logarithm


LOWER = {
    "cholesky_factor": "tf.linalg.cholesky({x:array})",
    "eigen_factors": "tf.linalg.eigh({x:array})",
    "orthogonal_factors": "tf.linalg.qr({x:array}, {mode} == 'complete')",
    "singular_factors": singular_factors,
    "linear_solution": "tf.linalg.solve({x1:array}, {x2:array})",
    "slogdet": slogdet,
}
