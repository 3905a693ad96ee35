"""Conversions between dtypes."""

LOWER = {
    "cast": "{x:array}.astype({dtype})",
    "stop_gradient": "lax.stop_gradient({variable:array})",
}
