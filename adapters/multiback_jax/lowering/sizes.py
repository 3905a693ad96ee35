"""Symbolic sizes as arrays."""

LOWER = {"dimension": "jnp.asarray({size}, dtype={dtype})"}
