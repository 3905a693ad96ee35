"""Decompositions and solutions of linear equations."""

LOWER = {
    "cholesky_factor": "jnp.linalg.cholesky({x:array})",
    "eigen_factors": "jnp.linalg.eigh({x:array})",
    "orthogonal_factors": "jnp.linalg.qr({x:array}, {mode})",
    "singular_factors": "jnp.linalg.svd({x:array}, {full_matrices})",
    "linear_solution": "jnp.linalg.solve({x1:array}, {x2:array})",
    "slogdet": "jnp.linalg.slogdet({x:array})",
}
