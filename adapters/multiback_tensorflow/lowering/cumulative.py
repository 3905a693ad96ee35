"""Running sums and products; the gradient of a product is right where elements are zero, unlike TensorFlow's own."""

import tensorflow as tf


def cumulative_sum(x, *, axis, reverse):
    x = tf.convert_to_tensor(x)
    if x.dtype in (tf.float16, tf.bfloat16):
        return tf.cast(tf.cumsum(tf.cast(x, tf.float32), axis, reverse=reverse), x.dtype)
    return tf.cumsum(x, axis, reverse=reverse)


def cumulative_prod(x, *, axis, reverse):
    x = tf.convert_to_tensor(x)
    if not x.dtype.is_floating:
        return tf.math.cumprod(x, axis, reverse=reverse)

    @tf.custom_gradient
    def product(x):
        y = tf.math.cumprod(x, axis, reverse=reverse)

        def gradient(g):
            zero = tf.equal(x, 0)
            seen = tf.cumsum(tf.cast(zero, tf.int32), axis, reverse=reverse)
            first = tf.logical_and(zero, tf.equal(seen, 1))
            one = tf.ones_like(x)
            rest = tf.math.cumprod(tf.where(first, one, x), axis, reverse=reverse)
            before = tf.cumsum(g * y, axis, reverse=not reverse) / tf.where(zero, one, x)
            at = tf.cumsum(g * rest, axis, reverse=not reverse)
            return tf.where(tf.equal(seen, 0), before, tf.where(first, at, tf.zeros_like(x)))

        return y, gradient

    return product(x)


LOWER = {
    "cumulative_sum": cumulative_sum,
    "cumulative_prod": cumulative_prod,
}
