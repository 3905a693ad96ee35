"""Convolution and pooling, as they stand in an exported file; they run with channels last on every backend."""

from keras import ops


def conv(x, kernel, bias=None, *, strides, padding, data_format="channels_last", dilation_rate=1):
    """Convolution with a kernel of shape (*window, channels / groups, filters)."""
    n = len(strides)
    if data_format == "channels_first":
        x = ops.transpose(x, (0, *range(2, n + 2), 1))
    if not isinstance(padding, str):
        x, padding = ops.pad(x, [(0, 0), *padding, (0, 0)]), "VALID"
    y = ops.conv(x, kernel, strides, padding.lower(), "channels_last", dilation_rate)
    y = y if bias is None else y + bias
    return y if data_format == "channels_last" else ops.transpose(y, (0, n + 1, *range(1, n + 1)))


def depthwise_conv(x, kernel, *, strides, padding, data_format="channels_last", dilation_rate=1):
    """Convolution of each channel alone, with a kernel of shape (*window, channels, multiplier)."""
    n = len(strides)
    if data_format == "channels_first":
        x = ops.transpose(x, (0, *range(2, n + 2), 1))
    if not isinstance(padding, str):
        x, padding = ops.pad(x, [(0, 0), *padding, (0, 0)]), "VALID"
    y = ops.depthwise_conv(x, kernel, strides, padding.lower(), "channels_last", dilation_rate)
    return y if data_format == "channels_last" else ops.transpose(y, (0, n + 1, *range(1, n + 1)))


def conv_transpose(x, kernel, *, strides, padding, data_format="channels_last"):
    """The gradient of a convolution; `padding` counts what is put around x after `strides - 1` zeros between."""
    n = len(strides)
    if data_format == "channels_first":
        x = ops.transpose(x, (0, *range(2, n + 2), 1))
    full = [(m - 1) * s + k for m, s, k in zip(x.shape[1:-1], strides, kernel.shape)]
    y = ops.conv_transpose(x, kernel, strides, "valid", data_format="channels_last")
    y = y[(slice(None), *(slice(0, size) for size in full))]
    cuts = [(k - 1 - before, k - 1 - after) for k, (before, after) in zip(kernel.shape, padding)]
    if any(cut < 0 for pair in cuts for cut in pair):
        y = ops.pad(y, [(0, 0), *((max(-a, 0), max(-b, 0)) for a, b in cuts), (0, 0)])
    y = y[(slice(None), *(slice(max(a, 0), -b if b > 0 else None) for a, b in cuts))]
    return y if data_format == "channels_last" else ops.transpose(y, (0, n + 1, *range(1, n + 1)))


def max_pool(x, pool_size, strides, padding="valid", data_format="channels_last"):
    """The largest element of each window."""
    n = len(pool_size)
    if data_format == "channels_first":
        x = ops.transpose(x, (0, *range(2, n + 2), 1))
    y = ops.max_pool(x, pool_size, strides, padding, "channels_last")
    return y if data_format == "channels_last" else ops.transpose(y, (0, n + 1, *range(1, n + 1)))


def average_pool(x, pool_size, strides, padding="valid", data_format="channels_last"):
    """The mean of each window, of the elements inside x."""
    n = len(pool_size)
    if data_format == "channels_first":
        x = ops.transpose(x, (0, *range(2, n + 2), 1))
    y = ops.average_pool(x, pool_size, strides, padding, "channels_last")
    return y if data_format == "channels_last" else ops.transpose(y, (0, n + 1, *range(1, n + 1)))
