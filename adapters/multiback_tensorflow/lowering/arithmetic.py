"""Arithmetic; a zero divisor among integers gives 0, where TensorFlow would raise."""

import tensorflow as tf


def floor_divide(x1, x2):
    x1, x2 = tf.stop_gradient(x1), tf.stop_gradient(x2)
    if x1.dtype.is_integer:
        zero = tf.equal(x2, 0)
        return tf.where(zero, tf.zeros_like(x1), tf.math.floordiv(x1, tf.where(zero, tf.ones_like(x2), x2)))
    dtype = x1.dtype
    if dtype.size < 4:
        x1, x2 = tf.cast(x1, tf.float32), tf.cast(x2, tf.float32)
    rest = tf.truncatemod(x1, x2)
    quotient = (x1 - rest) / x2
    lower = tf.logical_and(tf.not_equal(rest, 0), tf.not_equal(rest < 0, x2 < 0))
    whole = tf.round(tf.where(lower, quotient - 1, quotient))
    return tf.cast(tf.where(tf.equal(x2, 0), x1 / x2, whole), dtype)


def remainder(x1, x2):
    x1, x2 = tf.convert_to_tensor(x1), tf.convert_to_tensor(x2)
    if not x1.dtype.is_integer:
        return tf.math.floormod(x1, x2)
    zero = tf.equal(x2, 0)
    return tf.where(zero, tf.zeros_like(x1), tf.math.floormod(x1, tf.where(zero, tf.ones_like(x2), x2)))


def magnitude(x):
    x = tf.convert_to_tensor(x)
    return x if x.dtype.is_unsigned else tf.abs(x)


def sign(x):
    x = tf.convert_to_tensor(x)
    return tf.cast(tf.not_equal(x, 0), x.dtype) if x.dtype.is_unsigned else tf.sign(x)


LOWER = {
    "add": "{x1} + {x2}",
    "subtract": "{x1} - {x2}",
    "multiply": "{x1} * {x2}",
    "divide": "{x1} / {x2}",
    "floor_divide": floor_divide,
    "remainder": remainder,
    "negative": "-{x:array}",
    "abs": magnitude,
    "sign": sign,
}
