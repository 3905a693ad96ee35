"""Complex numbers."""

LOWER = {
    "complex": "lax.complex(*jnp.broadcast_arrays({real:array}, {imag:array}))",
    "real": "jnp.real({x:array})",
    "imag": "jnp.imag({x:array})",
}
