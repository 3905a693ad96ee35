"""Order."""

import tensorflow as tf


def argsort(x, *, axis):
    x = tf.convert_to_tensor(x)
    if x.dtype == tf.bool:
        x = tf.cast(x, tf.int32)
    if x.dtype.is_floating:
        x = ordered_bits(x)
    return tf.argsort(x, axis, stable=True)


def ordered_bits(x):
    """Integers in the order of the floats, NaN last: tf.argsort gives NaN no place."""
    if x.dtype in (tf.float16, tf.bfloat16):
        x = tf.cast(x, tf.float32)
    kind = tf.int64 if x.dtype == tf.float64 else tf.int32
    bits = tf.bitcast(x + 0.0, kind)
    ordered = tf.where(bits < 0, kind.min - bits, bits)
    return tf.where(tf.math.is_nan(x), kind.max, ordered)


LOWER = {"argsort": argsort}
