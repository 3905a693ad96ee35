"""Means, in one call."""

from multiback.backends.protocol import Fast

FAST = {
    "mean": Fast("tf.reduce_mean({x}, {axis}, {keepdims})"),
}
