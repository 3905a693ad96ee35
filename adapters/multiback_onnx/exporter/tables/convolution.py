"""Convolutions. ONNX has the channels before the other axes: operands are turned where they do not lie so already."""

from __future__ import annotations

from typing import Any

from multiback.graph.dims import Dim
from multiback.graph.ir import Equation
from multiback_onnx.exporter.emitter import FIRST, LAST, Call, Emitter, View
from multiback_onnx.exporter.tables import writes


def channels_first(rank: int, data_format: str) -> tuple[int, ...]:
    """The order that brings the channels of a batch to the second place."""
    return tuple(range(rank)) if data_format == "channels_first" else (0, rank - 1, *range(1, rank - 1))


def given_back(name: str, rank: int, data_format: str) -> View:
    """A result with the channels in the second place, as a value in the layout of the op."""
    return View(name, None if data_format == "channels_first" else (0, *range(2, rank), 1))


def pads_of(padding: Any, count: int) -> dict[str, Any]:
    """The attributes that say how an operand is padded."""
    if padding == "same":
        return {"auto_pad": "SAME_UPPER"}
    pads = [(0, 0)] * count if padding == "valid" else padding
    flat = [p[0] for p in pads] + [p[1] for p in pads]
    return {"pads": flat if any(flat) else None}


@writes("conv")
def _conv(
    call: Call, inputs: Any, kernel: Any, bias: Any, strides: Any, padding: Any, data_format: str,
    dilation_rate: Any, groups: Any, input_dilation: Any,
) -> View:  # fmt: skip
    e, rank = call.emitter, inputs.ndim
    name = e.arranged(inputs, channels_first(rank, data_format))
    if any(n != 1 for n in input_dilation):
        sizes = inputs.shape[1:-1] if data_format == "channels_last" else inputs.shape[2:]
        channels = inputs.shape[-1 if data_format == "channels_last" else 1]
        name = _spread(e, name, (inputs.shape[0], channels, *sizes), input_dilation)
    if not isinstance(padding, str):
        name, padding = _cut(e, name, padding)
    weights = e.arranged(kernel, (rank - 1, rank - 2, *range(rank - 2)))
    found = e.node(
        "Conv",
        [name, weights, e.name(bias)],
        kernel_shape=[int(n) for n in kernel.shape[:-2]],
        strides=list(strides),
        dilations=list(dilation_rate) if any(n != 1 for n in dilation_rate) else None,
        group=int(groups) if groups != 1 else None,
        **pads_of(padding, rank - 2),
    )
    return given_back(found, rank, data_format)


def _spread(e: Emitter, name: str, shape: Any, dilation: Any) -> str:
    """Zeros between the elements of the spatial axes."""
    shape = list(shape)
    for i, d in enumerate(dilation):
        axis = i + 2
        if d == 1:
            continue
        rank = len(shape)
        tall = e.node("Unsqueeze", [name, e.integers(axis + 1)])
        pads = [0] * (2 * (rank + 1))
        pads[rank + 1 + axis + 1] = d - 1
        tall = e.node("Pad", [tall, e.integers(*pads)])
        size = shape[axis]
        longer = [*shape[:axis], size * d, *shape[axis + 1 :]]
        name = e.reshaped(tall, (*shape[: axis + 1], d, *shape[axis + 1 :]), tuple(longer))
        name = e.node("Slice", [name, e.integers(0), e.integers(1 - d), e.integers(axis), e.integers(1)])
        shape[axis] = size * d - (d - 1)
    return name


def _cut(e: Emitter, name: str, padding: Any) -> tuple[str, Any]:
    """Negative padding cuts off; what is left of it is not negative."""
    if not any(not isinstance(n, Dim) and n < 0 for pair in padding for n in pair):
        return name, padding
    starts = [max(-p[0], 0) for p in padding]
    stops = [min(p[1], 0) or LAST for p in padding]
    axes = [i + 2 for i in range(len(padding))]
    name = e.node("Slice", [name, e.integers(*starts), e.integers(*stops), e.integers(*axes)])
    return name, tuple((max(p[0], 0), max(p[1], 0)) for p in padding)


def _known_window(equation: Equation, opset: int) -> bool:
    """Whether a transposed convolution is ONNX's, with pads that are known."""
    return equation.flat_outputs[0].dtype.is_float and _transposed_pads(equation.attributes["padding"]) is not None


def _transposed_pads(padding: Any) -> Any:
    """Numbers of outputs that are cut off at both ends; None where they are not such."""
    if isinstance(padding, str) or any(isinstance(n, Dim) for pair in padding for n in pair):
        return None
    return padding


@writes("conv_transpose", when=_known_window)
def _conv_transpose(
    call: Call, inputs: Any, kernel: Any, strides: Any, padding: Any, output_padding: Any, data_format: str,
    dilation_rate: Any,
) -> View:  # fmt: skip
    e, rank = call.emitter, inputs.ndim
    windows = [(int(k) - 1) * d + 1 for k, d in zip(kernel.shape[:-2], dilation_rate)]
    # Ours pads the spread inputs by p; ONNX cuts window - 1 - p off the full result, and adds what is below zero.
    cut = [(w - 1 - p[0], w - 1 - p[1]) for w, p in zip(windows, padding)]
    extra = [max(-after, 0) for _, after in cut]
    if any(before < 0 for before, _ in cut) or any(n >= max(s, d) for n, s, d in zip(extra, strides, dilation_rate)):
        return _as_convolution(call, inputs, kernel, strides, padding, data_format, dilation_rate)
    pads = [c[0] for c in cut] + [max(c[1], 0) for c in cut]
    found = e.node(
        "ConvTranspose",
        [
            e.arranged(inputs, channels_first(rank, data_format)),
            e.arranged(kernel, (rank - 1, rank - 2, *range(rank - 2))),
        ],
        kernel_shape=[int(n) for n in kernel.shape[:-2]],
        strides=list(strides),
        dilations=list(dilation_rate) if any(n != 1 for n in dilation_rate) else None,
        pads=pads if any(pads) else None,
        output_padding=extra if any(extra) else None,
    )
    return given_back(found, rank, data_format)


def _as_convolution(
    call: Call, inputs: Any, kernel: Any, strides: Any, padding: Any, data_format: str, dilation_rate: Any
) -> View:
    """Zeros between the inputs, and a convolution with the kernel from its other end."""
    e, rank = call.emitter, inputs.ndim
    sizes = inputs.shape[1:-1] if data_format == "channels_last" else inputs.shape[2:]
    channels = inputs.shape[-1 if data_format == "channels_last" else 1]
    name = e.arranged(inputs, channels_first(rank, data_format))
    name = _spread(e, name, (inputs.shape[0], channels, *sizes), strides)
    name, padding = _cut(e, name, padding)
    weights = e.arranged(kernel, (rank - 2, rank - 1, *range(rank - 2)))
    axes = list(range(2, rank))
    weights = e.node("Slice", [weights, *(e.integers(*[n] * len(axes)) for n in (LAST, FIRST)), e.integers(*axes),
                               e.integers(*[-1] * len(axes))])  # fmt: skip
    found = e.node("Conv", [name, weights], kernel_shape=[int(n) for n in kernel.shape[:-2]],
                   dilations=list(dilation_rate), **pads_of(padding, rank - 2))  # fmt: skip
    return given_back(found, rank, data_format)
