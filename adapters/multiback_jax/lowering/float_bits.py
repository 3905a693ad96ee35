"""Floats as bit patterns."""

LOWER = {
    "bitcast": "lax.bitcast_convert_type({x:array}, {dtype})",
    "signbit": "jnp.signbit({x:array})",
}
