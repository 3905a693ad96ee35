"""Arrays made from sizes."""

LOWER = {"iota": "jnp.arange({size}, dtype=jnp.int32)"}
