"""Transposed convolution by torch's kernels, cut to the size that Keras gives it."""

import torch.nn.functional as F

from multiback.backends.protocol import Fast


def conv_transpose(inputs, kernel, *, strides, padding, output_padding, data_format, dilation_rate):
    n = len(strides)
    last = data_format == "channels_last"
    x = inputs.permute(0, n + 1, *range(1, n + 1)) if last else inputs
    w = kernel.permute(n + 1, n, *range(n))
    # Padding of the spread inputs is what the kernel leaves off the full result, beyond the extent of the filter.
    full = [(k - 1) * d for k, d in zip(kernel.shape, dilation_rate)]
    cuts = [(e - before, e - after) for e, (before, after) in zip(full, padding)]
    both = [max(min(pair), 0) for pair in cuts]
    convolve = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[n - 1]
    y = convolve(x, w, None, strides, both, 0, 1, dilation_rate)
    rest = [cut - same for pair, same in zip(reversed(cuts), reversed(both)) for cut in pair]
    y = F.pad(y, [-cut for cut in rest]) if any(rest) else y
    return y.permute(0, *range(2, n + 2), 1) if last else y


FAST = {"conv_transpose": Fast(conv_transpose)}
