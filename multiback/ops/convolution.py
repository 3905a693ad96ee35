"""Convolutions over one, two or three spatial axes, in the layouts of Keras."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.config import standardize_data_format
from multiback.errors import ArgumentError, ShapeError
from multiback.graph.dims import Dim, divide_exactly
from multiback.graph.ir import Spec
from multiback.ops import _windows as windows
from multiback.ops._cases import HALVES, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, primitive
from multiback.ops._rules import promoting
from multiback.ops.reduction import sum
from multiback.ops.shaping import flip, reshape, transpose

Pads = windows.Pads
_FLOAT = promoting("inputs", "kernel", "bias", to_float=True)


def _conv_canonical(call: dict[str, Any]) -> None:
    _FLOAT(call)
    x, kernel = call["inputs"], call["kernel"]
    n = windows.check_rank("conv", x)
    if kernel.ndim != x.ndim:
        raise ShapeError(f"conv() on inputs of rank {x.ndim} needs a kernel of that rank, got {kernel.ndim}.")
    call["data_format"] = standardize_data_format(call["data_format"])
    for name in ("strides", "dilation_rate", "input_dilation"):
        call[name] = windows.per_axis(call[name], n, name)
    channels = x.shape[-1 if call["data_format"] == "channels_last" else 1]
    if call["groups"] is None:
        call["groups"] = divide_exactly(channels, kernel.shape[-2])
    if call["groups"] is None or channels != call["groups"] * kernel.shape[-2]:
        raise ShapeError(
            f"conv() on {channels} channels needs a kernel whose next to last size divides them, got {kernel.shape}."
        )
    if divide_exactly(kernel.shape[-1], call["groups"]) is None:
        raise ShapeError(
            f"conv() in {call['groups']} groups needs a multiple of that as filters, got {kernel.shape[-1]}."
        )
    if call["bias"] is not None and call["bias"].shape != kernel.shape[-1:]:
        raise ShapeError(f"conv() with {kernel.shape[-1]} filters needs a bias of that size, got {call['bias'].shape}.")
    call["padding"] = explicit_padding(call, n)


def explicit_padding(call: dict[str, Any], n: int) -> Any:
    padding = call["padding"]
    if not isinstance(padding, str):
        if len(padding) != n or not all(isinstance(p, tuple) and len(p) == 2 for p in padding):
            raise ArgumentError(f"padding must be 'valid', 'same' or {n} pairs of integers, got {padding!r}.")
        return padding
    if padding.lower() == "valid":
        return ((0, 0),) * n
    if padding.lower() != "same":
        raise ArgumentError(f"padding must be 'valid', 'same' or {n} pairs of integers, got {padding!r}.")
    pads = _same(call["inputs"].shape, call["kernel"].shape, **_window_attributes(call))
    return "same" if any(isinstance(p, Dim) for pair in pads for p in pair) else pads


def _window_attributes(call: dict[str, Any]) -> dict[str, Any]:
    return {k: call[k] for k in ("strides", "data_format", "dilation_rate", "input_dilation")}


def _same(shape: Any, kernel: Any, strides: Any, data_format: str, dilation_rate: Any, input_dilation: Any) -> Pads:
    sizes = windows.spatial(shape, data_format)
    return tuple(
        windows.same_pads((size - 1) * l + 1, windows.extent(k, d), s)
        for size, k, s, d, l in zip(sizes, kernel, strides, dilation_rate, input_dilation)
    )


def magnitude(x: Any, kernel: Any, bias: Any = None, **attributes: Any) -> Any:
    """The scale of a convolution: that of the magnitudes."""
    operands = (None if a is None else np.abs(a) for a in (x, kernel, bias))
    return conv.numpy(*operands, **_canonical_numbers(x, kernel, attributes))  # type: ignore[misc]


def _canonical_numbers(x: Any, kernel: Any, attributes: dict[str, Any]) -> dict[str, Any]:
    call: dict[str, Any] = {
        "strides": 1,
        "padding": "valid",
        "data_format": None,
        "dilation_rate": 1,
        "groups": None,
        "input_dilation": 1,
    }
    call = {**call, **attributes, "inputs": x, "kernel": kernel}
    n = x.ndim - 2
    call["data_format"] = standardize_data_format(call["data_format"])
    for name in ("strides", "dilation_rate", "input_dilation"):
        call[name] = windows.per_axis(call[name], n, name)
    call["groups"] = x.shape[-1 if call["data_format"] == "channels_last" else 1] // kernel.shape[-2]
    call["padding"] = explicit_padding(call, n)
    return {k: v for k, v in call.items() if k not in ("inputs", "kernel", "bias")}


def _conv_cases() -> list[Case]:
    bound = Bound(8, magnitude)
    rows: list[tuple[Any, Any, dict[str, Any]]] = [
        (("batch", 7, 8, 3), (3, 3, 3, 4), {}),
        (("batch", 7, 8, 3), (3, 2, 3, 4), {"padding": "same"}),
        (("batch", 8, 7, 3), (3, 3, 3, 4), {"padding": "same", "strides": 2}),
        (("batch", 9, 8, 2), (3, 2, 2, 4), {"padding": "same", "strides": (2, 3)}),
        (("batch", 8, 9, 2), (2, 3, 2, 3), {"padding": ((1, 2), (0, 1)), "strides": 2}),
        (("batch", 9, 9, 2), (3, 3, 2, 3), {"padding": ((2, 2), (1, 1))}),
        (("batch", 9, 8, 2), (3, 2, 2, 3), {"dilation_rate": (2, 3), "padding": "same"}),
        (("batch", 9, 9, 2), (2, 2, 2, 3), {"dilation_rate": 2, "strides": 2}),
        (("batch", 6, 6, 4), (3, 3, 2, 6), {"padding": "same"}),
        (("batch", 6, 6, 4), (3, 3, 1, 8), {"strides": 2, "padding": "same"}),
        (("batch", 4, 5, 2), (3, 3, 2, 3), {"input_dilation": (2, 3), "padding": ((1, 2), (2, 2)), "strides": (1, 2)}),
        (("batch", 6, 6, 2), (3, 3, 2, 3), {"padding": ((-1, 2), (1, -2))}),
        (("batch", "time", 5, 2), (3, 3, 2, 3), {"padding": "same", "strides": 2}),
        (("batch", "time", 2), (3, 2, 3), {"padding": "same"}),
        (("batch", 9, 2), (3, 2, 3), {"strides": 2}),
        (("batch", 9, 4), (4, 2, 4), {"padding": "same", "strides": 3}),
        (("batch", 5, 4, 5, 2), (3, 2, 3, 2, 3), {"padding": "same", "strides": (1, 2, 2)}),
        (("batch", 5, 4, 5, 2), (2, 2, 3, 2, 3), {"dilation_rate": (2, 1, 1)}),
        (("batch", 3, 6, 5), (3, 3, 3, 4), {"data_format": "channels_first", "padding": "same", "strides": 2}),
        (("batch", 4, 6), (3, 2, 4), {"data_format": "channels_first"}),
        (("batch", "time", 4), (3, 2, 4), {"padding": ((4, 0),), "dilation_rate": 2}),
        (("batch", 2, "time"), (2, 2, 3), {"padding": "same", "strides": 2, "data_format": "channels_first"}),
        (("batch", "time", 2), (2, 2, 3), {"input_dilation": 2, "padding": "same"}),
        (("batch", 9, 2), (2, 2, 3), {"dilation_rate": 3, "strides": 2}),
        (("batch", 5, 6, 4), (1, 1, 4, 3), {}),
        (("batch", 5, 6, 4), (1, 1, 4, 3), {"strides": 2, "padding": "same"}),
        (("batch", 2, 3, 2), (5, 7, 2, 3), {"padding": "same"}),
        (("batch", 3, 3, 2), (3, 3, 2, 3), {}),
        (("batch", 1, 1, 1), (1, 1, 1, 1), {}),
        (("batch", 7, 7, 4), (3, 3, 2, 4), {"dilation_rate": 2, "padding": "same"}),
        (("batch", 4, 5, 5), (2, 2, 2, 4), {"data_format": "channels_first", "dilation_rate": 2, "padding": "same"}),
        (("batch", 2, 3, 4, 5), (2, 2, 2, 2, 3), {"data_format": "channels_first", "padding": "same"}),
        (("batch", 3, 4, 3, 4), (2, 2, 2, 2, 4), {"strides": (1, 2, 1)}),
        (("batch", 3, 2, 3, 2), (2, 2, 2, 2, 3), {"padding": ((1, 1), (0, 2), (1, 0)), "input_dilation": (1, 2, 2)}),
    ]
    biased: list[tuple[Any, Any, dict[str, Any]]] = [
        (("batch", 6, 7, 3), (3, 3, 3, 4), {"padding": "same"}),
        (("batch", 3, 7, 6), (3, 3, 3, 4), {"data_format": "channels_first", "strides": 2}),
        (("batch", 6, 6, 4), (3, 3, 2, 6), {}),
        (("batch", "time", 2), (3, 2, 3), {"padding": "same"}),
        (("batch", 4, 6), (3, 4, 2), {"data_format": "channels_first"}),
        (("batch", 3, 4, 5, 2), (2, 2, 3, 2, 3), {}),
    ]
    ones, wide = Sample(values=np.arange(16.0).reshape(1, 4, 4, 1)), Sample((2, 6, 6, 32))
    others: list[tuple[Any, Any, Any, dict[str, Any], Any, bool]] = [
        (
            "divergence-27",
            ones,
            Sample(values=np.ones((3, 3, 1, 1))),
            {"strides": 2, "padding": "same"},
            ("float32",),
            True,
        ),
        ("integers", Sample((2, 5, 5, 1), -9, 9), Sample((2, 2, 1, 1), -9, 9), {}, ("int32", "uint8"), False),
        ("other floats", wide, Sample((3, 3, 32, 4)), {"padding": "same"}, OTHER_FLOATS, False),
        ("groups in other floats", wide, Sample((3, 3, 16, 4)), {"strides": 2}, OTHER_FLOATS, False),
        ("one axis in other floats", Sample((2, 9, 4)), Sample((3, 4, 4)), {"dilation_rate": 2}, OTHER_FLOATS, False),
        ("three axes in other floats", Sample((2, 4, 4, 4, 4)), Sample((2, 2, 2, 4, 4)), {}, OTHER_FLOATS, False),
        ("gradient in half precision", wide, Sample((3, 3, 32, 4)), {"padding": "same"}, HALVES, True),
    ]
    return (
        [Case((Sample(x), Sample(k)), a, f"{x} {k} {a or ''}".strip(), bound=bound) for x, k, a in rows]
        + [
            Case((Sample(x), Sample(k), Sample(k[-1:])), a, f"bias, {x} {k} {a or ''}".strip(), bound=bound)
            for x, k, a in biased
        ]
        + [Case((x, k), attributes, label, dtypes, bound, smooth) for label, x, k, attributes, dtypes, smooth in others]
        + [
            Case((wide, Sample((3, 3, 32, 4)), Sample((4,))), {}, "bias in other floats", OTHER_FLOATS, bound, False),
        ]
    )


@primitive(canonical=_conv_canonical, cases=_conv_cases())
def conv(
    inputs: Array,
    kernel: Array,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
    *,
    bias: Array | None = None,
    groups: int | None = None,
    input_dilation: Any = 1,
) -> Spec:
    """Cross-correlation with a kernel: y[n, p, f] = sum_{k, c} x[n, stride p + rate k - before, c] w[k, c, f].

    Arguments:
        inputs: (batch, spatial..., channels), or (batch, channels, spatial...) with `channels_first`; 1 to 3 spatial
            axes.
        kernel: (spatial..., channels / groups, filters).
        strides: An integer, or one per spatial axis.
        padding: "valid"; "same", with ceil(size / stride) outputs and the odd zero at the end; or (before, after) pairs
            of zeros per spatial axis, where negative numbers cut off.
        data_format: "channels_last" or "channels_first"; None: what `config.image_data_format()` says.
        dilation_rate: Distance between the elements of the kernel.
        bias: (filters,), added to the result; or None.
        groups: Groups of channels that do not mix; by default channels / kernel.shape[-2].
        input_dilation: Distance between the elements of the inputs, with zeros between.

    Returns:
        (batch, spatial..., filters) in the same layout.

    Raises:
        ShapeError: if ranks or channels do not fit, or no window fits.

    Source: Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning.

    Example:
        >>> tuple(ops.conv(ops.ones((1, 3, 3, 1)), ops.ones((2, 2, 1, 1))).shape)
        (1, 2, 2, 1)
    """
    assert data_format is not None
    pads = padding
    if padding == "same":
        pads = _same(inputs.shape, kernel.shape, strides, data_format, dilation_rate, input_dilation)
    sizes = tuple(
        windows.windows((size - 1) * l + 1, windows.extent(k, d), s, p)
        for size, k, s, d, l, p in zip(
            windows.spatial(inputs.shape, data_format), kernel.shape, strides, dilation_rate, input_dilation, pads
        )
    )
    windows.check_fits("conv", sizes)
    return Spec(windows.with_spatial(inputs.shape[0], sizes, kernel.shape[-1], data_format), inputs.dtype)


@conv.meaning
def _(
    inputs: Any,
    kernel: Any,
    bias: Any,
    strides: Any,
    padding: Any,
    data_format: str,
    dilation_rate: Any,
    groups: int,
    input_dilation: Any,
) -> Any:
    n = len(strides)
    if padding == "same":
        padding = _same(inputs.shape, kernel.shape, strides, data_format, dilation_rate, input_dilation)
    x = inputs if data_format == "channels_last" else np.moveaxis(inputs, 1, -1)
    half = x.dtype.itemsize < 4
    x, w = (a.astype(np.float32) if half else a for a in (x, kernel))
    x = _padded(x, padding, input_dilation)
    view = np.lib.stride_tricks.sliding_window_view(
        x, [windows.extent(k, d) for k, d in zip(w.shape, dilation_rate)], tuple(range(1, n + 1))
    )
    steps = tuple(slice(None, None, s) for s in strides)
    view = view[(slice(None), *steps, slice(None), *(slice(None, None, d) for d in dilation_rate))]
    batch, sizes, channels, filters = view.shape[0], view.shape[1 : n + 1], w.shape[-2], w.shape[-1]
    split = view.reshape(batch, *sizes, groups, channels, *w.shape[:n])
    order = (n + 1, *range(n + 1), *range(n + 3, 2 * n + 3), n + 2)
    columns = split.transpose(order).reshape(groups, -1, channels * int(np.prod(w.shape[:n])))
    weights = np.moveaxis(w.reshape(-1, groups, filters // groups), 1, 0)
    y = np.moveaxis(columns @ weights, 0, 1).reshape(batch, *sizes, filters)
    y = y if bias is None else y + bias.astype(y.dtype)
    y = y if data_format == "channels_last" else np.moveaxis(y, -1, 1)
    return y.astype(inputs.dtype) if half else y


def _padded(x: Any, pads: Any, dilation: Any) -> Any:
    """Zeros between and around the elements of the spatial axes."""
    if all(p == (0, 0) for p in pads) and all(d == 1 for d in dilation):
        return x
    spans = [(size - 1) * d + 1 for size, d in zip(x.shape[1:], dilation)]
    shape = (x.shape[0], *(s + max(lo, 0) + max(hi, 0) for s, (lo, hi) in zip(spans, pads)), x.shape[-1])
    y = np.zeros(shape, x.dtype)
    inside = (slice(max(lo, 0), max(lo, 0) + s, d) for s, (lo, _), d in zip(spans, pads, dilation))
    y[(slice(None), *inside)] = x
    kept = (slice(max(-lo, 0), size - max(-hi, 0)) for size, (lo, hi) in zip(shape[1:], pads))
    return y[(slice(None), *kept)]


@conv.vjp
def _(
    g: Any,
    y: Any,
    inputs: Any,
    kernel: Any,
    bias: Any,
    strides: Any,
    padding: Any,
    data_format: str,
    dilation_rate: Any,
    groups: int,
    input_dilation: Any,
) -> Any:
    if padding == "same":
        padding = _same(inputs.shape, kernel.shape, strides, data_format, dilation_rate, input_dilation)
    last = range(inputs.ndim - 1)
    spans = [(n - 1) * d + 1 for n, d in zip(windows.spatial(inputs.shape, data_format), input_dilation)]
    pulled = [(n - 1) * s + 1 for n, s in zip(windows.spatial(g.shape, data_format), strides)]
    extents = [windows.extent(k, d) for k, d in zip(kernel.shape, dilation_rate)]
    before = [lo for lo, _ in padding]
    to_inputs = conv(
        g,
        _exchanged(flip(kernel, axis=tuple(last)[:-1]), groups),
        strides=input_dilation,
        padding=tuple((k - 1 - lo, n + lo - p) for n, p, k, lo in zip(spans, pulled, extents, before)),
        data_format=data_format,
        dilation_rate=dilation_rate,
        groups=groups,
        input_dilation=strides,
    )
    if data_format == "channels_first":
        inputs, g = (transpose(a, (0, *range(2, a.ndim), 1)) for a in (inputs, g))
    columns = conv(
        _batch_as_channels(inputs, groups),
        transpose(g, (*range(1, g.ndim - 1), 0, g.ndim - 1)),
        strides=dilation_rate,
        padding=tuple((lo, k - 1 + p - n - lo) for n, p, k, lo in zip(spans, pulled, extents, before)),
        dilation_rate=strides,
        groups=groups,
        input_dilation=input_dilation,
    )
    to_bias = None if bias is None else sum(g, axis=tuple(range(g.ndim - 1)))
    return to_inputs, transpose(columns, (*range(1, columns.ndim - 1), 0, columns.ndim - 1)), to_bias


def _exchanged(kernel: Any, groups: Any) -> Any:
    """The kernel of the opposite direction.

    (spatial..., channels, groups * filters) becomes (spatial..., filters, groups * channels).
    """
    *space, channels, filters = kernel.shape
    n = len(space)
    if groups == 1:
        return transpose(kernel, (*range(n), n + 1, n))
    split = reshape(kernel, (*space, channels, groups, filters // groups))
    return reshape(transpose(split, (*range(n), n + 2, n + 1, n)), (*space, filters // groups, groups * channels))


def _batch_as_channels(x: Any, groups: Any) -> Any:
    """(batch, spatial..., groups * channels) to (channels, spatial..., groups * batch)."""
    batch, *space, channels = x.shape
    n = len(space)
    if groups == 1:
        return transpose(x, (n + 1, *range(1, n + 1), 0))
    split = reshape(x, (batch, *space, groups, channels // groups))
    swapped = transpose(split, (n + 2, *range(1, n + 1), n + 1, 0))
    return reshape(swapped, (channels // groups, *space, groups * batch))
