"""Sums, products, extrema and tests along axes."""

import jax.numpy as jnp


def sum(x, *, axis, keepdims):
    return jnp.sum(x, axis, dtype=kept(x), keepdims=keepdims)


def prod(x, *, axis, keepdims, dtype):
    return jnp.prod(x, axis, dtype=kept(x), keepdims=keepdims)


def kept(x):
    """Integers would be widened; floats of 16 bits are added in float32 unless a dtype is asked for."""
    return None if jnp.issubdtype(x.dtype, jnp.inexact) else x.dtype


LOWER = {
    "sum": sum,
    "prod": prod,
    "amax": "jnp.max({x:array}, {axis}, keepdims={keepdims})",
    "amin": "jnp.min({x:array}, {axis}, keepdims={keepdims})",
    "any": "jnp.any({x:array}, {axis}, keepdims={keepdims})",
}
