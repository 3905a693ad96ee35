"""Conversions between dtypes, and the identity through which no gradient flows."""

from pytensor.gradient import disconnected_grad

LOWER = {
    "cast": "{x:array}.astype({dtype})",
    "stop_gradient": lambda variable: disconnected_grad(variable),
}
