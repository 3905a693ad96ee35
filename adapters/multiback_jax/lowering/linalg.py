"""Products of matrices and tensors."""

LOWER = {
    "matmul": "jnp.matmul({x1}, {x2})",
    "einsum": "jnp.einsum({subscripts}, *{operands})",
}
