"""Sums, products, extrema and tests along axes; float16 is summed in float32, where TensorFlow would lose digits."""

import tensorflow as tf


def sum(x, *, axis, keepdims):
    x = tf.convert_to_tensor(x)
    if x.dtype == tf.float16:
        return tf.cast(tf.reduce_sum(tf.cast(x, tf.float32), axis, keepdims), tf.float16)
    return tf.reduce_sum(x, axis, keepdims)


LOWER = {
    "sum": sum,
    "prod": "tf.reduce_prod({x:array}, {axis}, {keepdims})",
    "amax": "tf.reduce_max({x:array}, {axis}, {keepdims})",
    "amin": "tf.reduce_min({x:array}, {axis}, {keepdims})",
    "any": "tf.reduce_any({x:array}, {axis}, {keepdims})",
}
