"""Convolution that TensorFlow has no kernel for, as it stands in an exported file."""

import tensorflow as tf

from multiback_tensorflow.lowering.convolution import padded, spread


def spread_conv(
    x, kernel, bias=None, *, strides, padding, data_format="channels_last", dilation_rate, groups=1, input_dilation
):
    """Convolution with zeros between the inputs, with strides and a dilated kernel, or with a padding that cuts off."""
    n = len(strides)
    if data_format == "channels_first":
        x = tf.transpose(x, (0, *range(2, n + 2), 1))
    x = spread(x, range(1, n + 1), input_dilation)
    x, padding = padded(x, kernel, strides, padding, dilation_rate)
    if max(strides) > 1 and max(dilation_rate) > 1:
        kernel, dilation_rate = spread(kernel, range(n), dilation_rate), (1,) * n
    layout = {1: "NWC", 2: "NHWC", 3: "NDHWC"}[n]
    parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1))
    y = tf.concat([tf.nn.convolution(x, kernel, strides, padding, layout, dilation_rate) for x, kernel in parts], -1)
    y = y if bias is None else tf.nn.bias_add(y, bias)
    return y if data_format == "channels_last" else tf.transpose(y, (0, n + 1, *range(1, n + 1)))
