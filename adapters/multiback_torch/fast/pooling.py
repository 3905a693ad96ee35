"""Pooling by torch's kernels; a channels_last batch is a permuted view, never a copy."""

import torch
import torch.nn.functional as F

from multiback.backends.protocol import Fast


def max_pool(inputs, *, pool_size, strides, padding, data_format):
    def pool(x, window, steps, pads, ceil):
        pads, around = (pads, None) if ceil or all(a == b for a, b in pads) else ([(0, 0)] * len(pads), pads)
        if around:
            x = F.pad(x, [n for pair in reversed(around) for n in pair], value=float("-inf"))
        kernel = F.max_pool2d if len(window) == 2 else F.max_pool3d
        return kernel(x, window, steps, [a for a, _ in pads], ceil_mode=ceil)

    return pooled(pool, inputs, pool_size, strides, padding, data_format)


def average_pool(inputs, *, pool_size, strides, padding, data_format):
    def pool(x, window, steps, pads, ceil):
        kernel = F.avg_pool2d if len(window) == 2 else F.avg_pool3d
        if ceil or all(a == b for a, b in pads):
            return kernel(x, window, steps, [a for a, _ in pads], ceil, False)
        around = [n for pair in reversed(pads) for n in pair]
        counts = F.pad(torch.ones(1, 1, *x.shape[2:], dtype=x.dtype, device=x.device), around)
        sums = (kernel(a, window, steps, divisor_override=1) for a in (F.pad(x, around), counts))
        return torch.div(*sums)

    return pooled(pool, inputs, pool_size, strides, padding, data_format)


def pooled(pool, inputs, window, strides, padding, data_format):
    """`pool(x, window, strides, pads, ceil)` with channels first; `ceil`: windows run over the end instead of pads."""
    n = len(window)
    last = data_format == "channels_last"
    x = inputs.permute(0, n + 1, *range(1, n + 1)) if last else inputs
    if n == 1:
        x, window, strides = x.unsqueeze(2), (1, *window), (1, *strides)
    pads = [(0, 0)] * len(window)
    if padding == "same":
        totals = [max(((m - 1) // s) * s + k - m, 0) for m, k, s in zip(x.shape[2:], window, strides)]
        pads = [(total // 2, total - total // 2) for total in totals]
    ceil = pads != [(0, 0)] * len(window) and all(
        before == 0 and (m - k + s - 1) // s == (m - 1) // s
        for m, k, s, (before, _) in zip(x.shape[2:], window, strides, pads)
    )
    if ceil:
        pads = [(0, 0)] * len(window)
    y = pool(x, window, strides, pads, ceil)
    y = y.squeeze(2) if n == 1 else y
    return y.permute(0, *range(2, n + 2), 1) if last else y


def _is_float(equation):
    return equation.flat_inputs[0].dtype.is_float


def _has_average(equation):
    x = equation.flat_inputs[0]
    return x.ndim < 5 or x.dtype.bits >= 32


FAST = {"max_pool": Fast(max_pool, when=_is_float), "average_pool": Fast(average_pool, when=_has_average)}
