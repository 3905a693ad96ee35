"""Where the extreme elements are."""

import tensorflow as tf


def argmax(x, *, axis, keepdims):
    x = tf.convert_to_tensor(x)
    position = tf.argmax(x, axis, tf.int32)
    if x.dtype.is_floating:
        # TensorFlow passes over NaN; the first one is the largest element.
        missing = tf.math.is_nan(x)
        first = tf.argmax(tf.cast(missing, tf.int32), axis, tf.int32)
        position = tf.where(tf.reduce_any(missing, axis), first, position)
    return tf.expand_dims(position, axis) if keepdims else position


LOWER = {
    "argmax": argmax,
}
