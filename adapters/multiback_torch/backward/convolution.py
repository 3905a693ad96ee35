"""Gradients of convolution by torch's kernel, on the views that the forward pass convolved."""

from __future__ import annotations

from typing import Any

from multiback.graph.explicit import Rule
from multiback.graph.ir import Equation
from multiback.graph.kernels import Kernel, opaque
from multiback_torch.backward._aten import aten
from multiback_torch.lowering.convolution import channels_second, filters, same_padding


def conv_gradient(g, inputs, kernel, *, strides, padding, data_format, dilation_rate, groups, wanted):
    n = len(strides)
    last = data_format == "channels_last"
    g, x, w = channels_second(g, last), channels_second(inputs, last), filters(kernel)
    if padding == "same":
        padding = same_padding(x.shape[2:], w.shape[2:], strides, dilation_rate, (1,) * n)
    pads = [before for before, _ in padding]
    rows = n == 1 and last
    if rows:
        g, x, w = (a.unsqueeze(2) for a in (g, x, w))
        strides, pads, dilation_rate = (1, *strides), (0, *pads), (1, *dilation_rate)
    if w.shape[0] == 1:
        # The view of a single filter passes for channels_last, which torch's kernel for float64 does not take.
        w = w.contiguous()
    dx, dw, db = aten.convolution_backward(
        g, x, w, [w.shape[0]], strides, pads, dilation_rate, False, [0] * len(pads), groups, wanted
    )
    if rows:
        dx, dw = (None if a is None else a.squeeze(2) for a in (dx, dw))
    if dx is not None and last:
        dx = dx.permute(0, *range(2, n + 2), 1)
    return dx, None if dw is None else dw.permute(*range(2, n + 2), 1, 0), db


_GRADIENT = Kernel(
    "conv_gradient",
    conv_gradient,
    ("g", "inputs", "kernel"),
    ("strides", "padding", "data_format", "dilation_rate", "groups", "wanted"),
)


def _backward(
    g: Any, y: Any, wanted: Any, inputs: Any, kernel: Any, bias: Any, *, input_dilation: Any, **attributes: Any
) -> Any:
    specs = tuple(like.spec if w else opaque() for like, w in zip((inputs, kernel, bias), wanted))
    found = _GRADIENT(g, inputs, kernel, outputs=specs, **attributes, wanted=wanted)
    return tuple(x if w else None for x, w in zip(found, wanted))


def _evenly_padded(equation: Equation) -> bool:
    """Whether torch's own padding is enough: known, and alike on both sides."""
    padding, strides = equation.attributes["padding"], equation.attributes["strides"]
    if any(d > 1 for d in equation.attributes["input_dilation"]):
        return False
    if padding != "same":
        return all(before == after >= 0 for before, after in padding)
    kernel = equation.flat_inputs[1]
    odd = all((k - 1) * d % 2 == 0 for k, d in zip(kernel.shape, equation.attributes["dilation_rate"]))
    return odd and all(s == 1 for s in strides)


BACKWARD = {"conv": Rule(_backward, when=_evenly_padded)}
