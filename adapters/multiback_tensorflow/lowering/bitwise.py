"""Operations on bits; TensorFlow limits a shift's amount to the width, we shift everything out."""

import tensorflow as tf


def bitwise_left_shift(x, y):
    x = tf.convert_to_tensor(x)
    amount, bits = tf.get_static_value(y), 8 * x.dtype.size
    shifted = tf.bitwise.left_shift(x, y)
    if amount is not None and (amount >= 0).all() and (amount < bits).all():
        return shifted
    return tf.where(tf.logical_and(y >= 0, y < bits), shifted, tf.zeros_like(x))


def bitwise_right_shift(x, y):
    x = tf.convert_to_tensor(x)
    amount, bits = tf.get_static_value(y), 8 * x.dtype.size
    shifted = tf.bitwise.right_shift(x, y)
    if amount is not None and (amount >= 0).all() and (amount < bits).all():
        return shifted
    sign = tf.zeros_like(x) if x.dtype.is_unsigned else tf.bitwise.right_shift(x, tf.ones_like(x) * (bits - 1))
    return tf.where(tf.logical_and(y >= 0, y < bits), shifted, sign)


LOWER = {
    "bitwise_and": "{x} & {y}",
    "bitwise_or": "{x} | {y}",
    "bitwise_xor": "{x} ^ {y}",
    "bitwise_invert": "~{x:array}",
    "bitwise_left_shift": bitwise_left_shift,
    "bitwise_right_shift": bitwise_right_shift,
}
