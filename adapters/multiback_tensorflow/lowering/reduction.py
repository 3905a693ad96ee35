"""Sums, products, extrema and tests along axes; float16 is summed in float32, where TensorFlow would lose digits."""

import tensorflow as tf

from multiback_tensorflow.lowering._xla import through_xla


def sum(x, *, axis, keepdims):
    x = tf.convert_to_tensor(x)
    if x.dtype == tf.float16:
        return tf.cast(tf.reduce_sum(tf.cast(x, tf.float32), axis, keepdims), tf.float16)
    return tf.reduce_sum(x, axis, keepdims)


def amax(x, *, axis, keepdims):
    return keeping_nan(x, tf.reduce_max(x, axis, keepdims), axis, keepdims)


def amin(x, *, axis, keepdims):
    return keeping_nan(x, tf.reduce_min(x, axis, keepdims), axis, keepdims)


def keeping_nan(x, extreme, axis, keepdims):
    """The extremum, NaN where an element was."""
    if not (through_xla() and extreme.dtype.is_floating):
        return extreme
    missing = tf.reduce_any(tf.math.is_nan(x), axis, keepdims)
    return tf.where(missing, tf.constant(float("nan"), extreme.dtype), extreme)


LOWER = {
    "sum": sum,
    "prod": "tf.reduce_prod({x:array}, {axis}, {keepdims})",
    "amax": amax,
    "amin": amin,
    "any": "tf.reduce_any({x:array}, {axis}, {keepdims})",
}
