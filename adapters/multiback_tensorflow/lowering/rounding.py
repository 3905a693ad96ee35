"""Rounding to integers; integers stay as they are."""

import tensorflow as tf


def floor(x):
    x = tf.convert_to_tensor(x)
    return tf.floor(x) if x.dtype.is_floating else x


LOWER = {
    "floor": floor,
    "round_half_even": "tf.round({x:array})",
}
