"""Transposed convolution, which makes images larger."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.config import standardize_data_format
from multiback.errors import ArgumentError, ShapeError
from multiback.ops import _windows as windows
from multiback.ops._cases import HALVES, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, composite
from multiback.ops._rules import promoting
from multiback.ops.convolution import conv, magnitude
from multiback.ops.shaping import flip, transpose

_FLOAT = promoting("inputs", "kernel", to_float=True)


def _transposed_canonical(call: dict[str, Any]) -> None:
    _FLOAT(call)
    x, kernel = call["inputs"], call["kernel"]
    n = windows.check_rank("conv_transpose", x)
    call["data_format"] = standardize_data_format(call["data_format"])
    for name in ("strides", "dilation_rate"):
        call[name] = windows.per_axis(call[name], n, name)
    channels = x.shape[-1 if call["data_format"] == "channels_last" else 1]
    if kernel.ndim != x.ndim or kernel.shape[-1] != channels:
        raise ShapeError(
            f"conv_transpose() on {channels} channels needs a kernel (spatial..., filters, {channels}), "
            f"got {kernel.shape}."
        )
    extra: Any = call["output_padding"]
    extra = (None,) * n if extra is None else windows.per_axis(extra, n, "output_padding", least=0)
    if isinstance(call["padding"], str):
        if call["padding"].lower() not in ("valid", "same"):
            raise ArgumentError(f"padding must be 'valid' or 'same', got {call['padding']!r}.")
        same = call["padding"].lower() == "same"
        extents = [windows.extent(k, d) for k, d in zip(kernel.shape, call["dilation_rate"])]
        call["padding"] = tuple(_transposed_pads(k, s, e, same) for k, s, e in zip(extents, call["strides"], extra))
    call["output_padding"] = None


def _transposed_pads(extent: int, stride: int, extra: int | None, same: bool) -> tuple[int, int]:
    """Zeros around the dilated inputs; the output has size * stride elements unless `extra` says otherwise."""
    if not same:
        return extent - 1, extent - 1 + (max(stride - extent, 0) if extra is None else extra)
    total = stride + extent - 2 if extra is None else extent + extent % 2 - 2 + extra
    before = min(total // 2 + total % 2, extent - 1)
    return before, total - before


def _near_transposed(x: Any, kernel: Any, **attributes: Any) -> Any:
    call: dict[str, Any] = {
        "strides": 1,
        "padding": "valid",
        "data_format": None,
        "dilation_rate": 1,
        "output_padding": None,
    }
    call = {**call, **attributes, "inputs": np.abs(x), "kernel": np.abs(kernel)}
    n = x.ndim - 2
    strides, rates = (windows.per_axis(call[k], n, k) for k in ("strides", "dilation_rate"))
    extra = call["output_padding"]
    extras = (None,) * n if extra is None else windows.per_axis(extra, n, "output_padding", least=0)
    pads = tuple(
        _transposed_pads(windows.extent(k, d), s, e, call["padding"] == "same")
        for k, d, s, e in zip(kernel.shape, rates, strides, extras)
    )
    flipped = np.moveaxis(np.flip(call["kernel"], tuple(range(n))), -1, -2)
    return magnitude(
        call["inputs"],
        flipped,
        padding=pads,
        data_format=call["data_format"],
        dilation_rate=rates,
        input_dilation=strides,
    )


def _transposed_cases() -> list[Case]:
    rows: list[tuple[Any, Any, dict[str, Any]]] = [
        (("batch", 4, 5, 3), (3, 3, 2, 3), {"strides": 2, "padding": "same"}),
        (("batch", 4, 5, 3), (3, 2, 2, 3), {"strides": 2}),
        (("batch", 4, 5, 3), (4, 4, 2, 3), {"strides": 2, "padding": "same"}),
        (("batch", 4, 5, 3), (2, 2, 2, 3), {"strides": 3, "padding": "same"}),
        (("batch", 4, 5, 3), (3, 3, 2, 3), {"padding": "same"}),
        (("batch", 4, 4, 2), (3, 3, 2, 2), {"strides": 2, "padding": "same", "output_padding": 1}),
        (("batch", 4, 4, 2), (3, 3, 2, 2), {"strides": 2, "output_padding": (0, 1)}),
        (("batch", 4, 4, 2), (3, 2, 2, 2), {"dilation_rate": 2}),
        (("batch", "time", 2), (3, 4, 2), {"strides": 2, "padding": "same"}),
        (("batch", 3, 4, 4), (3, 3, 2, 3), {"strides": 2, "padding": "same", "data_format": "channels_first"}),
        (("batch", 3, 4), (2, 2, 3), {"strides": 3, "data_format": "channels_first"}),
        (("batch", 4, 2), (3, 2, 2), {"strides": 2, "dilation_rate": 2, "padding": "same"}),
        (("batch", 3, 2, 4, 2), (3, 2, 3, 2, 2), {"strides": (1, 2, 1), "padding": "same"}),
        (("batch", 3, 2, 2, 2), (2, 2, 2, 3, 2), {"strides": 2}),
        (("batch", 4, 4, 2), (1, 1, 3, 2), {"strides": (2, 3)}),
        (("batch", 1, 1, 1), (1, 1, 1, 1), {}),
        (("batch", 3, 4, 2), (2, 4, 2, 2), {"strides": 2, "padding": "same", "output_padding": (1, 0)}),
        (("batch", "time", 4, 2), (3, 3, 2, 2), {"strides": 2}),
    ]
    bound = Bound(8, _near_transposed)
    x, kernel = Sample((2, 4, 5, 32)), Sample((3, 3, 4, 32))
    others: list[tuple[str, Any, dict[str, Any], Any, bool]] = [
        ("other floats", (x, kernel), {"strides": 2, "padding": "same"}, OTHER_FLOATS, False),
        ("one axis in other floats", (Sample((2, 5, 4)), Sample((3, 2, 4))), {"strides": 2}, OTHER_FLOATS, False),
        ("three axes in other floats", (Sample((2, 2, 3, 2, 4)), Sample((2, 2, 2, 3, 4))), {}, OTHER_FLOATS, False),
        ("gradient in half precision", (x, kernel), {"strides": 2}, HALVES, True),
        ("integers", (Sample((2, 5, 2), -9, 9), Sample((2, 1, 2), -9, 9)), {}, ("int32", "uint8"), False),
    ]
    return [
        Case((Sample(x), Sample(k)), attributes, f"{x} {k} {attributes or ''}".strip(), bound=bound)
        for x, k, attributes in rows
    ] + [Case(operands, a, label, dtypes, bound, smooth) for label, operands, a, dtypes, smooth in others]


@composite(canonical=_transposed_canonical, cases=_transposed_cases())
def conv_transpose(
    inputs: Array,
    kernel: Array,
    strides: Any = 1,
    padding: Any = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Transposed convolution: the gradient of `conv` with these strides with respect to its inputs.

    Arguments:
        inputs: (batch, spatial..., channels), or channels first.
        kernel: (spatial..., filters, channels).
        strides: How many outputs there are per input: an integer, or one per spatial axis.
        padding: "valid": (size - 1) * strides + max(kernel, strides) outputs; "same": size * strides.
        output_padding: Size of the output beyond its least: an integer, one per spatial axis, or None for those above.
        data_format: "channels_last" or "channels_first"; None: what `config.image_data_format()` says.
        dilation_rate: Distance between the elements of the kernel.

    Returns:
        (batch, spatial..., filters) in the same layout.

    Raises:
        ShapeError: if ranks or channels do not fit.
        ArgumentError: for another padding.

    Source: Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning.

    Example:
        >>> tuple(ops.conv_transpose(ops.ones((1, 2, 2, 1)), ops.ones((3, 3, 4, 1)), strides=2, padding="same").shape)
        (1, 4, 4, 4)
    """
    n = len(strides)
    flipped = transpose(flip(kernel, axis=tuple(range(n))), (*range(n), n + 1, n))
    return conv(
        inputs, flipped, padding=padding, data_format=data_format, dilation_rate=dilation_rate, input_dilation=strides
    )
