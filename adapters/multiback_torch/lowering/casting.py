"""Conversions between dtypes."""

LOWER = {
    "cast": "{x:array}.to({dtype})",
    "stop_gradient": "{variable:array}.detach()",
}
