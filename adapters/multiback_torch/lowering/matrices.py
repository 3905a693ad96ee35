"""Decompositions and solutions of linear equations."""

LOWER = {
    "cholesky_factor": "torch.linalg.cholesky({x:array})",
    "eigen_factors": "torch.linalg.eigh({x:array})",
    "orthogonal_factors": "torch.linalg.qr({x:array}, {mode})",
    "singular_factors": "torch.linalg.svd({x:array}, {full_matrices})",
    "linear_solution": "torch.linalg.solve({x1:array}, {x2:array})",
    "slogdet": "torch.linalg.slogdet({x:array})",
}
