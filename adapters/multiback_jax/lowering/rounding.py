"""Rounding to integers."""

LOWER = {
    "floor": "jnp.floor({x:array})",
    "round_half_even": "jnp.round({x:array})",
}
