"""Powers, roots, exponentials, logarithms and the error function."""

import tensorflow as tf


def power(x1, x2):
    x1, x2 = tf.convert_to_tensor(x1), tf.convert_to_tensor(x2)
    if not x1.dtype.is_integer:
        return tf.pow(x1, x2)
    if x1.dtype.is_unsigned:
        return tf.cast(tf.pow(tf.cast(x1, tf.int64), tf.cast(x2, tf.int64)), x1.dtype)
    negative = x2 < 0
    whole = tf.pow(x1, tf.where(negative, tf.zeros_like(x2), x2))
    sign = 1 - 2 * tf.bitwise.bitwise_and(x2, tf.ones_like(x2))
    unit = tf.where(tf.equal(x1, -1), sign, tf.cast(tf.equal(x1, 1), x1.dtype))
    return tf.where(negative, unit, whole)


LOWER = {
    "power": power,
    "sqrt": "tf.sqrt({x:array})",
    "exp": "tf.exp({x:array})",
    "expm1": "tf.math.expm1({x:array})",
    "log": "tf.math.log({x:array})",
    "log1p": "tf.math.log1p({x:array})",
    "erf": "tf.math.erf({x:array})",
}
