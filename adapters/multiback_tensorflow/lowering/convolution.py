"""Convolution by TensorFlow's kernels, which on a CPU want channels last and lack some dilations and groups."""

import functools

import tensorflow as tf

# Said in full: the gradient of an eager Conv3D fails on a layout left out.
_LAYOUT = {1: "NWC", 2: "NHWC", 3: "NDHWC"}


def empties_in_float64(convolve):
    """oneDNN's kernels give an empty batch the shape of their inputs; those for float64 are others.

    This is seen where the size of the batch is known while tracing.
    """

    @functools.wraps(convolve)
    def convolved(*operands, **attributes):
        dtype = operands[0].dtype
        if operands[0].shape[0] != 0 or dtype == tf.float64:
            return convolve(*operands, **attributes)
        wide = (None if x is None else tf.cast(x, tf.float64) for x in operands)
        return tf.cast(convolve(*wide, **attributes), dtype)

    return convolved


@empties_in_float64
def conv(inputs, kernel, bias, *, strides, padding, data_format, dilation_rate, groups, input_dilation):
    n = len(strides)
    last = data_format == "channels_last"
    x = inputs if last else tf.transpose(inputs, (0, *range(2, n + 2), 1))
    x = spread(x, range(1, n + 1), input_dilation)
    x, padding = padded(x, kernel, strides, padding, dilation_rate)
    if any(d > 1 for d in dilation_rate) and any(s > 1 for s in strides):
        # No kernel strides over a dilated filter in float64: a filter with zeros between does.
        kernel, dilation_rate = spread(kernel, range(n), dilation_rate), (1,) * n

    def convolve(x, kernel):
        if n == 1 and dilation_rate == (1,):
            return tf.nn.conv2d(x[:, None], kernel[None], (1, *strides), padding)[:, 0]
        return tf.nn.convolution(x, kernel, strides, padding, _LAYOUT[n], dilation_rate)

    if groups == 1:
        y = convolve(x, kernel)
    else:
        parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1))
        y = tf.concat([convolve(part, filters) for part, filters in parts], -1)
    y = y if bias is None else tf.nn.bias_add(y, bias)
    return y if last else tf.transpose(y, (0, n + 1, *range(1, n + 1)))


def padded(x, kernel, strides, padding, dilation_rate):
    """The inputs with zeros around them where "SAME" and "VALID" do not say it, and that word."""
    extents = [(k - 1) * d + 1 for k, d in zip(kernel.shape, dilation_rate)]
    if padding == "same":
        return x, "SAME"
    static = all(isinstance(n, int) for pair in padding for n in pair)
    if static and all(pair == (0, 0) for pair in padding):
        return x, "VALID"
    totals = [
        max(((size - 1) // s) * s + k - size, 0) if isinstance(size, int) else -1
        for size, k, s in zip(x.shape[1:-1], extents, strides)
    ]
    if static and all(pair == (total // 2, total - total // 2) for pair, total in zip(padding, totals)):
        return x, "SAME"
    widths = [(0, 0)]
    for axis, (before, after) in enumerate(padding, 1):
        if isinstance(before, int) and before < 0:
            x, before = tf.split(x, (-before, -1), axis)[1], 0
        if isinstance(after, int) and after < 0:
            x, after = tf.split(x, (-1, -after), axis)[0], 0
        widths.append((before, after))
    # In one go: of several paddings before a Conv3D, oneDNN forgets some.
    return tf.pad(x, [*widths, (0, 0)]), "VALID"


def spread(x, axes, rates):
    """The elements with `rate - 1` zeros between them along each axis."""
    for axis, rate in zip(axes, rates):
        if rate > 1:
            rank = len(x.shape)
            wide = tf.pad(
                tf.expand_dims(x, axis + 1), [(0, rate - 1) if i == axis + 1 else (0, 0) for i in range(rank + 1)]
            )
            sizes = [n if n is not None else tf.shape(x)[i] for i, n in enumerate(x.shape)]
            span = (sizes[axis] - 1) * rate + 1
            flat = tf.reshape(wide, [*sizes[:axis], sizes[axis] * rate, *sizes[axis + 1 :]])
            x = tf.slice(flat, [0] * rank, [*sizes[:axis], span, *sizes[axis + 1 :]])
    return x


LOWER = {"conv": conv}
