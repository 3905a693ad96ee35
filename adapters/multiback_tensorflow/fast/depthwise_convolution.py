"""Depthwise convolution by TensorFlow's kernel, which wants two spatial axes and equal strides."""

import tensorflow as tf

from multiback.backends.protocol import Fast
from multiback_tensorflow.lowering.convolution import empties_in_float64


@empties_in_float64
def depthwise_conv(inputs, kernel, *, strides, padding, data_format, dilation_rate):
    n = len(strides)
    last = data_format == "channels_last"
    x = inputs if last else tf.transpose(inputs, (0, *range(2, n + 2), 1))
    word = "SAME" if padding == "same" else "VALID"
    if padding != "same" and any(pair != (0, 0) for pair in padding):
        known = all(m is not None for m in x.shape[1:-1])
        totals = [max((m - 1) // s * s + k - m, 0) for m, k, s in zip(x.shape[1:-1], kernel.shape, strides) if known]
        if n == 2 and [(total // 2, total - total // 2) for total in totals] == list(padding):
            word = "SAME"
        else:
            x = tf.pad(x, [(0, 0), *padding, (0, 0)])
    if n == 1:
        y = tf.nn.depthwise_conv2d(x[:, None], kernel[None], (1, *strides, *strides, 1), word)[:, 0]
    else:
        y = tf.nn.depthwise_conv2d(x, kernel, (1, *strides, 1), word)
    return y if last else tf.transpose(y, (0, n + 1, *range(1, n + 1)))


def _covers(equation):
    a = equation.attributes
    pads = a["padding"]
    static = pads == "same" or all(isinstance(p, int) and p >= 0 for pair in pads for p in pair)
    # One row is padded by "same" as if its stride were that along it.
    alone = len(a["strides"]) == 1 and pads != "same"
    equal = len(a["strides"]) == 2 and len(set(a["strides"])) == 1
    return static and (alone or equal) and set(a["dilation_rate"]) == {1}


FAST = {"depthwise_conv": Fast(depthwise_conv, when=_covers)}
