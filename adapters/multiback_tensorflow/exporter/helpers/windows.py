"""Convolution and pooling, as they stand in an exported file."""

import tensorflow as tf


def conv(x, kernel, bias=None, *, strides, padding, data_format="channels_last", dilation_rate=1, groups=1):
    """Convolution with a kernel of shape (*window, channels / groups, filters)."""
    n = len(strides)
    if data_format == "channels_first":
        x = tf.transpose(x, (0, *range(2, n + 2), 1))
    if not isinstance(padding, str):
        x, padding = tf.pad(x, [(0, 0), *padding, (0, 0)]), "VALID"
    layout = {1: "NWC", 2: "NHWC", 3: "NDHWC"}[n]
    parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1)) if groups > 1 else [(x, kernel)]
    parts = [tf.nn.convolution(x, kernel, strides, padding, layout, dilation_rate) for x, kernel in parts]
    y = tf.concat(parts, -1) if groups > 1 else parts[0]
    y = y if bias is None else tf.nn.bias_add(y, bias)
    return y if data_format == "channels_last" else tf.transpose(y, (0, n + 1, *range(1, n + 1)))


def depthwise_conv(x, kernel, *, strides, padding, data_format="channels_last", dilation_rate=1):
    """Convolution of each channel alone, with a kernel of shape (*window, channels, multiplier)."""
    if data_format == "channels_first":
        x = tf.transpose(x, (0, 2, 3, 1))
    if not isinstance(padding, str):
        x, padding = tf.pad(x, [(0, 0), *padding, (0, 0)]), "VALID"
    y = tf.nn.depthwise_conv2d(x, kernel, (1, *strides, 1), padding)
    return y if data_format == "channels_last" else tf.transpose(y, (0, 3, 1, 2))


def conv_transpose(x, kernel, *, strides, padding, data_format="channels_last"):
    """The gradient of a convolution; `padding` counts what is put around x after `strides - 1` zeros between."""
    n = len(strides)
    if data_format == "channels_first":
        x = tf.transpose(x, (0, *range(2, n + 2), 1))
    sizes = [m if m is not None else tf.shape(x)[i] for i, m in enumerate(x.shape)][1:-1]
    full = [(m - 1) * s + k for m, s, k in zip(sizes, strides, kernel.shape)]
    shape = (tf.shape(x)[0], *full, kernel.shape[-2])
    if n == 1:
        shape = (shape[0], 1, *shape[1:])
        y = tf.nn.conv2d_transpose(x[:, None], kernel[None], shape, (1, *strides), "VALID")[:, 0]
    else:
        y = tf.nn.conv_transpose(x, kernel, shape, strides, "VALID")
    cuts = [(k - 1 - before, k - 1 - after) for k, (before, after) in zip(kernel.shape, padding)]
    if any(cut < 0 for pair in cuts for cut in pair):
        y = tf.pad(y, [(0, 0), *((max(-a, 0), max(-b, 0)) for a, b in cuts), (0, 0)])
    y = y[(slice(None), *(slice(max(a, 0), -b if b > 0 else None) for a, b in cuts))]
    return y if data_format == "channels_last" else tf.transpose(y, (0, n + 1, *range(1, n + 1)))


def max_pool(x, pool_size, strides, padding="valid", data_format="channels_last"):
    """The largest element of each window."""
    n = len(pool_size)
    if data_format == "channels_first":
        x = tf.transpose(x, (0, *range(2, n + 2), 1))
    pool = {1: tf.nn.max_pool1d, 2: tf.nn.max_pool2d, 3: tf.nn.max_pool3d}[n]
    y = pool(x, pool_size, strides, padding.upper())
    return y if data_format == "channels_last" else tf.transpose(y, (0, n + 1, *range(1, n + 1)))


def average_pool(x, pool_size, strides, padding="valid", data_format="channels_last"):
    """The mean of each window, of the elements inside x."""
    n = len(pool_size)
    if data_format == "channels_first":
        x = tf.transpose(x, (0, *range(2, n + 2), 1))
    pool = {1: tf.nn.avg_pool1d, 2: tf.nn.avg_pool2d, 3: tf.nn.avg_pool3d}[n]
    y = pool(x, pool_size, strides, padding.upper())
    return y if data_format == "channels_last" else tf.transpose(y, (0, n + 1, *range(1, n + 1)))
