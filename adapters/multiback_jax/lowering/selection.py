"""Choosing between elements; a tie shares its gradient, as JAX does it."""

LOWER = {
    "where": "jnp.where({condition:array}, {x1}, {x2})",
    "maximum": "jnp.maximum({x1}, {x2})",
    "minimum": "jnp.minimum({x1}, {x2})",
}
