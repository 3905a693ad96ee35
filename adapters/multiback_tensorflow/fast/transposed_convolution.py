"""Transposed convolution by TensorFlow's kernel, cut to the size that Keras gives it."""

import tensorflow as tf

from multiback.backends.protocol import Fast
from multiback_tensorflow.lowering.convolution import empties_in_float64


@empties_in_float64
def conv_transpose(inputs, kernel, *, strides, padding, output_padding, data_format, dilation_rate):
    n = len(strides)
    last = data_format == "channels_last"
    x = inputs if last else tf.transpose(inputs, (0, *range(2, n + 2), 1))
    shape = tf.shape(x)
    sizes = [(m if m is not None else shape[i]) for i, m in enumerate(x.shape)][1:-1]
    full = [(m - 1) * s + k for m, s, k in zip(sizes, strides, kernel.shape)]
    if n == 1:
        y = tf.nn.conv2d_transpose(
            x[:, None], kernel[None], (shape[0], 1, *full, kernel.shape[-2]), (1, *strides), "VALID"
        )[:, 0]
    else:
        y = tf.nn.conv_transpose(x, kernel, (shape[0], *full, kernel.shape[-2]), strides, "VALID")
    # Padding of the spread inputs is what is left of the full result, beyond the extent of the filter.
    cuts = [(k - 1 - before, k - 1 - after) for k, (before, after) in zip(kernel.shape, padding)]
    y = tf.pad(y, [(0, 0), *((max(-a, 0), max(-b, 0)) for a, b in cuts), (0, 0)])
    y = y[(slice(None), *(slice(max(a, 0), -b if b > 0 else None) for a, b in cuts))]
    return y if last else tf.transpose(y, (0, n + 1, *range(1, n + 1)))


FAST = {"conv_transpose": Fast(conv_transpose, when=lambda equation: set(equation.attributes["dilation_rate"]) == {1})}
