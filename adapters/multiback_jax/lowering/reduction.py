"""Sums, products, extrema and tests along axes."""

LOWER = {
    "sum": "jnp.sum({x:array}, {axis}, dtype={output_dtype}, keepdims={keepdims})",
    "prod": "jnp.prod({x:array}, {axis}, dtype={output_dtype}, keepdims={keepdims})",
    "amax": "jnp.max({x:array}, {axis}, keepdims={keepdims})",
    "amin": "jnp.min({x:array}, {axis}, keepdims={keepdims})",
    "any": "jnp.any({x:array}, {axis}, keepdims={keepdims})",
}
