"""Order, and positions in a sorted array."""

import tensorflow as tf

from multiback.backends.protocol import Fast
from multiback_tensorflow.lowering.sorting import ordered_bits


def top_k(x, *, k, sorted):
    if x.dtype == tf.bool:
        values, indices = tf.math.top_k(tf.cast(x, tf.int32), k)
        return tf.cast(values, tf.bool), indices
    if not x.dtype.is_floating:
        return tuple(tf.math.top_k(x, k))
    indices = tf.math.top_k(ordered_bits(x), k)[1]
    return tf.gather(x, indices, axis=-1, batch_dims=x.shape.rank - 1), indices


def searchsorted(sorted_sequence, values, *, side):
    values = tf.convert_to_tensor(values, sorted_sequence.dtype)
    flat = tf.reshape(values, [-1])
    return tf.reshape(tf.searchsorted(sorted_sequence, flat, side=side), tf.shape(values))


FAST = {
    "top_k": Fast(top_k),
    "searchsorted": Fast(searchsorted),
}
