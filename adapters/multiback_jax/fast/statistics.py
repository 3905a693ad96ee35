"""Means, written by their name."""

from multiback.backends.protocol import Fast

FAST = {
    "mean": Fast("jnp.mean({x}, {axis}, keepdims={keepdims})"),
}
