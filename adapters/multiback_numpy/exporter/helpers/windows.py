"""Convolution and pooling, as they stand in an exported file."""

import itertools

import numpy as np


def same_padding(sizes, window, strides, dilation):
    """What is put before and after each axis so that ceil(size / stride) windows fit."""
    extents = [(k - 1) * d + 1 for k, d in zip(window, dilation)]
    totals = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(sizes, extents, strides)]
    return [(total // 2, total - total // 2) for total in totals]


def conv(
    x, kernel, bias=None, *, strides, padding, data_format="channels_last", dilation_rate=1, groups=1, input_dilation=1
):
    """Convolution with a kernel of shape (*window, channels / groups, filters)."""
    n = len(strides)
    dilation, spread = ((d,) * n if isinstance(d, int) else d for d in (dilation_rate, input_dilation))
    x = x if data_format == "channels_last" else np.moveaxis(x, 1, -1)
    if any(s > 1 for s in spread):
        wide = np.zeros((x.shape[0], *((m - 1) * s + 1 for m, s in zip(x.shape[1:-1], spread)), x.shape[-1]), x.dtype)
        wide[(slice(None), *(slice(None, None, s) for s in spread))] = x
        x = wide
    *window, channels, filters = kernel.shape
    if padding == "SAME":
        padding = same_padding(x.shape[1:-1], window, strides, dilation)
    if padding != "VALID":
        x = np.pad(x, [(0, 0), *((max(a, 0), max(b, 0)) for a, b in padding), (0, 0)])
        cuts = (slice(max(-a, 0), m - max(-b, 0)) for (a, b), m in zip(padding, x.shape[1:-1]))
        x = x[(slice(None), *cuts)]
    spans = [(m - (k - 1) * d - 1) // s * s + 1 for m, k, d, s in zip(x.shape[1:-1], window, dilation, strides)]
    y = 0
    for tap in itertools.product(*map(range, window)):
        places = (slice(i * d, i * d + span, s) for i, d, span, s in zip(tap, dilation, spans, strides))
        part = x[(slice(None), *places)]
        split = part.reshape(*part.shape[:-1], groups, channels)
        weights = kernel[tap].reshape(channels, groups, filters // groups)
        y = y + np.einsum("...gc,cgf->...gf", split, weights).reshape(*part.shape[:-1], filters)
    y = y if bias is None else y + bias
    return y if data_format == "channels_last" else np.moveaxis(y, -1, 1)


def depthwise_conv(x, kernel, *, strides, padding, data_format="channels_last", dilation_rate=1):
    """Convolution of each channel alone, with a kernel of shape (*window, channels, multiplier)."""
    *window, channels, multiplier = kernel.shape
    filters = kernel.reshape(*window, 1, channels * multiplier)
    return conv(
        x, filters, strides=strides, padding=padding, data_format=data_format, dilation_rate=dilation_rate,
        groups=channels,
    )  # fmt: skip


def pooled(combine, fill, x, window, strides, padding, data_format):
    """Windows combined along each axis."""
    first = 1 if data_format == "channels_last" else 2
    for axis, k, s in zip(range(first, first + len(window)), window, strides):
        if padding == "same":
            pads = same_padding([x.shape[axis]], [k], [s], [1])[0]
            x = np.pad(x, [pads if a == axis else (0, 0) for a in range(x.ndim)], constant_values=fill)
        span = (x.shape[axis] - k) // s * s + 1
        parts = [x[(slice(None),) * axis + (slice(i, i + span, s),)] for i in range(k)]
        x = combine.reduce(parts)
    return x


def max_pool(x, pool_size, strides, padding="valid", data_format="channels_last"):
    """The largest element of each window."""
    return pooled(np.maximum, -np.inf, x, pool_size, strides, padding, data_format)


def average_pool(x, pool_size, strides, padding="valid", data_format="channels_last"):
    """The mean of each window, of the elements inside x."""
    sums, counts = (pooled(np.add, 0, a, pool_size, strides, padding, data_format) for a in (x, np.ones_like(x)))
    return sums / counts
