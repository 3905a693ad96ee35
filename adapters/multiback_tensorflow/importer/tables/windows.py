"""Convolutions and pooling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from multiback import ops
from multiback.errors import ArgumentError
from multiback.ops._windows import extent, same_pads, taps, windows
from multiback.porting.host_values import as_sizes

Handler = Callable[..., Any]


def _layout(data_format: str) -> str:
    return "channels_first" if data_format.startswith("NC") else "channels_last"


def _per_axis(values: Sequence[int], data_format: str) -> tuple[int, ...]:
    """Of a list with one number per axis, those of the spatial axes."""
    return tuple(values[2:] if data_format.startswith("NC") else values[1:-1])


def _padding(padding: str, explicit: Sequence[int], data_format: str) -> Any:
    if padding != "EXPLICIT":
        return padding.lower()
    pairs = list(zip(explicit[::2], explicit[1::2]))
    return tuple(_per_axis(pairs, data_format))  # type: ignore[arg-type]


def _conv(x: Any, kernel: Any, **a: Any) -> Any:
    layout = a["data_format"]
    return ops.conv(
        x,
        kernel,
        _per_axis(a["strides"], layout),
        _padding(a["padding"], a.get("explicit_paddings", ()), layout),
        _layout(layout),
        _per_axis(a["dilations"], layout),
    )


def _depthwise(x: Any, kernel: Any, **a: Any) -> Any:
    layout = a["data_format"]
    return ops.depthwise_conv(
        x,
        kernel,
        _per_axis(a["strides"], layout),
        _padding(a["padding"], a.get("explicit_paddings", ()), layout),
        _layout(layout),
        _per_axis(a["dilations"], layout),
    )


def _conv_backwards(sizes: Any, kernel: Any, g: Any, **a: Any) -> Any:
    """The gradient of a convolution for its inputs: a transposed convolution."""
    layout = a["data_format"]
    place = _layout(layout)
    n = kernel.ndim - 2
    strides, dilations = _per_axis(a["strides"], layout), _per_axis(a["dilations"], layout)
    shape = as_sizes(sizes, "the sizes of the inputs of a transposed convolution")
    if len(shape) == n:
        wanted: tuple[Any, ...] = shape
    else:
        wanted = shape[1:-1] if place == "channels_last" else shape[2:]
    steps = g.shape[1:-1] if place == "channels_last" else g.shape[2:]
    channels = shape[-1 if place == "channels_last" else 1] if len(shape) > n else kernel.shape[-2]
    groups = _groups(channels, kernel.shape[-2])
    spans = [extent(k, d) for k, d in zip(kernel.shape, dilations)]
    padding = _padding(a["padding"], a.get("explicit_paddings", ()), layout)
    if groups == 1 and all(d == 1 for d in dilations):
        usual = [
            m * s if padding == "same" else (m - 1) * s + max(k, s) for m, s, k in zip(steps, strides, kernel.shape)
        ]
        if padding in ("same", "valid") and tuple(usual) == tuple(wanted):
            return ops.conv_transpose(g, kernel, strides, padding, None, place)
    pads = []
    for i in range(n):
        if padding == "same":
            before = same_pads(wanted[i], spans[i], strides[i])[0]
        else:
            before = 0 if padding == "valid" else padding[i][0]
        low = spans[i] - 1 - before
        pads.append((low, wanted[i] - (steps[i] - 1) * strides[i] - 2 + spans[i] - low))
    flipped = ops.flip(kernel, tuple(range(n)))
    turned = _turned(flipped, groups, n)
    return ops.conv(g, turned, 1, tuple(pads), place, dilations, groups=groups, input_dilation=strides)


def _groups(channels: Any, per_group: Any) -> int:
    if not isinstance(channels, int):
        return 1
    return channels // per_group


def _turned(kernel: Any, groups: int, n: int) -> Any:
    """(spatial..., channels, groups * filters) as (spatial..., filters, groups * channels)."""
    *space, channels, filters = kernel.shape
    if groups == 1:
        return ops.swapaxes(kernel, n, n + 1)
    split = ops.reshape(kernel, (*space, channels, groups, filters // groups))
    return ops.reshape(
        ops.transpose(split, (*range(n), n + 2, n + 1, n)), (*space, filters // groups, groups * channels)
    )


def _depthwise_backwards(sizes: Any, kernel: Any, g: Any, **a: Any) -> Any:
    *space, channels, multiplier = kernel.shape
    return _conv_backwards(sizes, ops.reshape(kernel, (*space, 1, channels * multiplier)), g, **a)


def _pool(reduce: Handler, fill: float) -> Handler:
    def handler(x: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC", **a: Any) -> Any:
        outer = (0, 1) if data_format.startswith("NC") else (0, len(ksize) - 1)
        if any(ksize[i] != 1 or strides[i] != 1 for i in outer):
            raise ArgumentError("pooling over the batch or the channels is not supported.")
        if data_format == "NCHW_VECT_C":
            raise ArgumentError("the layout NCHW_VECT_C is not supported.")
        how = _padding(padding, a.get("explicit_paddings", ()), data_format)
        if isinstance(how, tuple):
            pairs = [(0, 0), *how, (0, 0)] if _layout(data_format) == "channels_last" else [(0, 0), (0, 0), *how]
            x, how = ops.constant_pad(x, tuple(pairs), fill), "valid"
        size, step = _per_axis(ksize, data_format), _per_axis(strides, data_format)
        return reduce(x, size, step, how, _layout(data_format))

    return handler


def _dilation(x: Any, kernel: Any, strides: Any, rates: Any, padding: str, **_: Any) -> Any:
    """Grey-scale dilation: the maximum over each window of x + kernel, by channel."""
    steps, spread = strides[1:3], rates[1:3]
    sizes = kernel.shape[:2]
    spans = [extent(k, d) for k, d in zip(sizes, spread)]
    if padding == "SAME":
        pads = [same_pads(n, k, s) for n, k, s in zip(x.shape[1:3], spans, steps)]
        x = ops.constant_pad(x, ((0, 0), *pads, (0, 0)), float("-inf"))
    rows, columns = (windows(n, k, s, (0, 0)) for n, k, s in zip(x.shape[1:3], spans, steps))
    best = None
    for i in range(sizes[0]):
        for j in range(sizes[1]):
            first, second = i * spread[0], j * spread[1]
            part = x[
                :,
                first : first + (rows - 1) * steps[0] + 1 : steps[0],
                second : second + (columns - 1) * steps[1] + 1 : steps[1],
            ]
            here = part + kernel[i, j]
            best = here if best is None else ops.maximum(best, here)
    return best


def _patches(x: Any, ksizes: Any, strides: Any, rates: Any, padding: str, **_: Any) -> Any:
    sizes, steps, spread = ksizes[1:-1], strides[1:-1], (rates or [1] * len(ksizes))[1:-1]
    spans = [extent(k, d) for k, d in zip(sizes, spread)]
    if padding == "SAME":
        pads = [same_pads(n, k, s) for n, k, s in zip(x.shape[1:-1], spans, steps)]
        x = ops.constant_pad(x, ((0, 0), *pads, (0, 0)), 0)
    counts = [windows(n, k, s, (0, 0)) for n, k, s in zip(x.shape[1:-1], spans, steps)]
    parts = []
    for tap in taps(sizes):
        key = [slice(None)]
        for offset, rate, step, count in zip(tap, spread, steps, counts):
            first = offset * rate
            key.append(slice(first, first + (count - 1) * step + 1, step if step != 1 else None))
        parts.append(x[tuple(key)])
    return ops.concatenate(parts, -1)


def _volume_patches(x: Any, ksizes: Any, strides: Any, padding: str, **_: Any) -> Any:
    return _patches(x, ksizes, strides, None, padding)


HANDLERS: dict[str, Handler] = {
    "AvgPool": _pool(ops.average_pool, 0.0),
    "AvgPool3D": _pool(ops.average_pool, 0.0),
    "Conv2D": _conv,
    "Conv2DBackpropInput": _conv_backwards,
    "Conv3D": _conv,
    "Conv3DBackpropInputV2": _conv_backwards,
    "DepthwiseConv2dNative": _depthwise,
    "DepthwiseConv2dNativeBackpropInput": _depthwise_backwards,
    "Dilation2D": _dilation,
    "ExtractImagePatches": _patches,
    "ExtractVolumePatches": _volume_patches,
    "MaxPool": _pool(ops.max_pool, float("-inf")),
    "MaxPool3D": _pool(ops.max_pool, float("-inf")),
    "MaxPoolV2": lambda x, ksize, strides, **a: _pool(ops.max_pool, float("-inf"))(
        x, ksize.tolist(), strides.tolist(), **a
    ),
}

STATIC: dict[str, tuple[int, ...]] = {
    "Conv2DBackpropInput": (0,),
    "Conv3DBackpropInputV2": (0,),
    "DepthwiseConv2dNativeBackpropInput": (0,),
    "MaxPoolV2": (1, 2),
}
