"""Convolutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback import ops
from multiback_torch.importer.composites._windows import batched, beside_channels, pairs, per_axis


def _conv(x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """torch's kernel is (filters, channels / groups, spatial...)."""
    n = weight.ndim - 2
    strides, rates = per_axis(stride, n), per_axis(dilation, n)
    pads = _pads(padding, weight.shape[2:], rates)
    kernel = ops.transpose(weight, (*range(2, n + 2), 1, 0))
    return batched(
        x,
        n + 2,
        lambda x: ops.conv(
            x, kernel, strides, pads, "channels_first", rates, bias=bias, groups=groups if groups > 1 else None
        ),
    )


def _pads(padding: Any, kernel: Any, rates: tuple[int, ...]) -> Any:
    if isinstance(padding, str):
        if padding == "valid":
            return "valid"
        total = [r * (k - 1) for k, r in zip(kernel, rates)]
        return tuple((t // 2, t - t // 2) for t in total)
    padding = per_axis(padding, len(rates))
    return pairs(padding) if any(padding) else "valid"


def _conv_transpose(
    x: Any, weight: Any, bias: Any, stride: Any, padding: Any, output_padding: Any, groups: int, dilation: Any
) -> Any:
    """torch's kernel is (channels, filters / groups, spatial...)."""
    n = weight.ndim - 2
    strides, rates = per_axis(stride, n), per_axis(dilation, n)
    extra, less = per_axis(output_padding, n), per_axis(padding, n)
    reach = [r * (k - 1) for k, r in zip(weight.shape[2:], rates)]
    pads = tuple((k - p, k - p + e) for k, p, e in zip(reach, less, extra))

    def transposed(x: Any) -> Any:
        if groups == 1:
            kernel = ops.transpose(weight, (*range(2, n + 2), 1, 0))
            return ops.conv_transpose(x, kernel, strides, pads, data_format="channels_first", dilation_rate=rates)
        return ops.conv(
            x, _grouped(weight, groups), 1, pads, "channels_first", rates, groups=groups, input_dilation=strides
        )

    y = batched(x, n + 2, transposed)
    return y if bias is None else y + beside_channels(bias, n + 2)


def _grouped(weight: Any, groups: int) -> Any:
    """(groups * channels, filters, spatial...) mirrored, as (spatial..., channels, groups * filters)."""
    n = weight.ndim - 2
    channels, filters, *space = weight.shape
    split = ops.reshape(ops.flip(weight, tuple(range(2, n + 2))), (groups, channels // groups, filters, *space))
    moved = ops.transpose(split, (*range(3, n + 3), 1, 0, 2))
    return ops.reshape(moved, (*space, channels // groups, groups * filters))


def _convolution(
    x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, transposed: bool, output_padding: Any,
    groups: int, *_: Any,
) -> Any:  # fmt: skip
    if transposed:
        return _conv_transpose(x, weight, bias, stride, padding, output_padding, groups, dilation)
    return _conv(x, weight, bias, stride, padding, dilation, groups)


def _conv_tbc(x: Any, weight: Any, bias: Any, pad: int) -> Any:
    """x is (time, batch, channels), the kernel (time, channels, filters)."""
    y = ops.conv(ops.transpose(x, (1, 0, 2)), weight, padding=((pad, pad),), data_format="channels_last", bias=bias)
    return ops.transpose(y, (1, 0, 2))


HANDLERS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("aten.conv1d", "aten.conv2d", "aten.conv3d"), _conv),
    **dict.fromkeys(("aten.conv_transpose1d", "aten.conv_transpose2d", "aten.conv_transpose3d"), _conv_transpose),
    **dict.fromkeys(("aten.convolution", "aten._convolution"), _convolution),
    "aten.conv_tbc": _conv_tbc,
}
