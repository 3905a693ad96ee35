"""Convolution, which PyTensor has only in one dimension: windows side by side, then one product of matrices."""

import itertools
import math

import pytensor.tensor as pt


def conv(inputs, kernel, bias, *, strides, padding, data_format, dilation_rate, groups, input_dilation):
    x = inputs if data_format == "channels_last" else pt.moveaxis(inputs, 1, -1)
    *space, channels, filters = kernel.type.shape
    extents = [(k - 1) * d + 1 for k, d in zip(space, dilation_rate)]
    x = _dilated(x, input_dilation)
    sizes = [_size(x, i + 1) for i in range(len(space))]
    if padding == "same":
        padding = [_same(*each) for each in zip(sizes, extents, strides)]
    x = _padded(x, padding)
    sizes = [n + before + after for n, (before, after) in zip(sizes, padding)]
    counts = [(n - k) // s + 1 for n, k, s in zip(sizes, extents, strides)]
    taps = []
    for tap in itertools.product(*map(range, space)):
        starts = [i * d for i, d in zip(tap, dilation_rate)]
        spans = (slice(i, i + (n - 1) * s + 1, s) for i, n, s in zip(starts, counts, strides))
        taps.append(x[(slice(None), *spans)])
    windows = pt.stack(taps, axis=-2).reshape((-1, math.prod(space), groups, channels))
    columns = windows.transpose(2, 0, 1, 3).reshape((groups, -1, math.prod(space) * channels))
    weights = kernel.reshape((-1, groups, filters // groups)).transpose(1, 0, 2)
    y = pt.matmul(columns, weights).transpose(1, 0, 2).reshape((x.shape[0], *counts, filters))
    y = y if bias is None else y + bias
    return y if data_format == "channels_last" else pt.moveaxis(y, -1, 1)


def _size(x, axis):
    return x.shape[axis] if x.type.shape[axis] is None else x.type.shape[axis]


def _same(size, extent, stride):
    total = pt.maximum((-(-size // stride) - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2


def _dilated(x, dilation):
    """Zeros between the elements of the spatial axes."""
    if all(d == 1 for d in dilation):
        return x
    sizes = [(_size(x, i + 1) - 1) * d + 1 for i, d in enumerate(dilation)]
    y = pt.zeros((x.shape[0], *sizes, x.shape[-1]), x.dtype)
    return pt.set_subtensor(y[(slice(None), *(slice(None, None, d) for d in dilation))], x)


def _padded(x, pads):
    """Zeros around the spatial axes; negative pads cut off."""
    if all(isinstance(p, int) and p <= 0 for pair in pads for p in pair):
        return x[(slice(None), *(slice(-lo, _size(x, i + 1) + hi) for i, (lo, hi) in enumerate(pads)))]
    room = [[p if not isinstance(p, int) else max(p, 0) for p in pair] for pair in pads]
    cut = [[0 if not isinstance(p, int) else max(-p, 0) for p in pair] for pair in pads]
    sizes = [_size(x, i + 1) for i in range(len(pads))]
    y = pt.zeros((x.shape[0], *(n + lo + hi for n, (lo, hi) in zip(sizes, room)), x.shape[-1]), x.dtype)
    inside = (slice(lo, lo + n) for n, (lo, _) in zip(sizes, room))
    y = pt.set_subtensor(y[(slice(None), *inside)], x)
    kept = (slice(lo, _size(y, i + 1) - hi) for i, (lo, hi) in enumerate(cut))
    return y[(slice(None), *kept)]


LOWER = {"conv": conv}
