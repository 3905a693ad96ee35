"""Powers and roots that are one kernel in TensorFlow."""

from multiback.backends.protocol import Fast

FAST = {
    "square": Fast("tf.square({x})"),
    "rsqrt": Fast("tf.math.rsqrt({x})"),
    "reciprocal": Fast("tf.math.reciprocal({x})"),
}
