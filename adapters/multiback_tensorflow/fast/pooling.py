"""Pooling by TensorFlow's kernels, which on a CPU want channels last."""

import tensorflow as tf

from multiback.backends.protocol import Fast


def max_pool(inputs, *, pool_size, strides, padding, data_format):
    def pool(x, window, steps):
        return (tf.nn.max_pool2d if len(window) == 2 else tf.nn.max_pool3d)(x, window, steps, padding.upper())

    return pooled(pool, inputs, pool_size, strides, data_format)


def average_pool(inputs, *, pool_size, strides, padding, data_format):
    def pool(x, window, steps):
        return (tf.nn.avg_pool2d if len(window) == 2 else tf.nn.avg_pool3d)(x, window, steps, padding.upper())

    inputs = tf.convert_to_tensor(inputs)
    # The kernel for float16 adds in float16, where sums overflow.
    wide = tf.cast(inputs, tf.float32) if inputs.dtype.size < 4 else inputs
    return tf.cast(pooled(pool, wide, pool_size, strides, data_format), inputs.dtype)


def pooled(pool, inputs, window, strides, data_format):
    """`pool(x, window, strides)` on images with channels last."""
    n = len(window)
    last = data_format == "channels_last"
    x = inputs if last else tf.transpose(inputs, (0, *range(2, n + 2), 1))
    y = pool(x[:, None], (1, *window), (1, *strides))[:, 0] if n == 1 else pool(x, window, strides)
    return y if last else tf.transpose(y, (0, n + 1, *range(1, n + 1)))


def _has_kernel(equation):
    x = equation.flat_inputs[0]
    return x.dtype == "float32" if x.ndim == 5 else x.dtype.is_float


FAST = {"max_pool": Fast(max_pool, when=_has_kernel), "average_pool": Fast(average_pool, when=_has_kernel)}
