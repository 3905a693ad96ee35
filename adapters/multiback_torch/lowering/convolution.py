"""Convolution by torch's kernels; a channels_last batch is a permuted view, never a copy."""

import torch.nn.functional as F


def conv(inputs, kernel, bias, *, strides, padding, data_format, dilation_rate, groups, input_dilation):
    n = len(strides)
    last = data_format == "channels_last"
    x, w = channels_second(inputs, last), filters(kernel)
    if padding == "same":
        padding = same_padding(x.shape[2:], w.shape[2:], strides, dilation_rate, input_dilation)
    for axis, d in enumerate(input_dilation, 2):
        if d > 1:
            spread = F.pad(x.unsqueeze(axis + 1), [0, 0] * (x.ndim - axis - 1) + [0, d - 1])
            x = spread.flatten(axis, axis + 1).narrow(axis, 0, (x.shape[axis] - 1) * d + 1)
    pads = [before for before, _ in padding]
    if any(before != after or before < 0 for before, after in padding):
        x = F.pad(x, [p for pair in reversed(padding) for p in pair])
        pads = [0] * n
    if n == 1 and last:
        # An image of one row keeps its channels last; torch's conv1d would copy the sequence.
        y = F.conv2d(x.unsqueeze(2), w.unsqueeze(2), bias, (1, *strides), (0, *pads), (1, *dilation_rate), groups)
        return y.squeeze(2).permute(0, 2, 1)
    y = (F.conv1d, F.conv2d, F.conv3d)[n - 1](x, w, bias, strides, pads, dilation_rate, groups)
    return y.permute(0, *range(2, n + 2), 1) if last else y


def channels_second(x, last):
    """A view with the channels after the batch; `last`: they are last now."""
    return x.permute(0, x.ndim - 1, *range(1, x.ndim - 1)) if last else x


def filters(kernel):
    """A view of a kernel (space, in, out) as torch has it: (out, in, space)."""
    n = kernel.ndim - 2
    kernel = kernel.permute(n + 1, n, *range(n))
    # The strides of a single filter look like channels last, whose float64 gradient torch does not have.
    return kernel.contiguous() if kernel.shape[0] == 1 else kernel


def same_padding(sizes, kernel, strides, dilation_rate, input_dilation):
    """Zeros before and after each axis, so that the result has one element per stride."""
    spans = [(size - 1) * d + 1 for size, d in zip(sizes, input_dilation)]
    totals = [
        max(((size - 1) // s) * s + (k - 1) * d + 1 - size, 0)
        for size, s, k, d in zip(spans, strides, kernel, dilation_rate)
    ]
    return [(total // 2, total - total // 2) for total in totals]


LOWER = {"conv": conv}
