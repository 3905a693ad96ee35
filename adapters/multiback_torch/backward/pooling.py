"""The gradient of max pooling of images: to the place that the forward pass found."""

from __future__ import annotations

from typing import Any

from multiback import dtypes
from multiback.graph.explicit import Rule
from multiback.graph.ir import Equation, Spec
from multiback.graph.kernels import Kernel
from multiback_torch.backward._aten import aten
from multiback_torch.lowering.convolution import channels_second


def max_pool(inputs, *, pool_size, strides, data_format):
    last = data_format == "channels_last"
    y, places = aten.max_pool2d_with_indices(channels_second(inputs, last), pool_size, strides)
    return y.permute(0, 2, 3, 1) if last else y, places


def max_pool_gradient(g, inputs, places, *, pool_size, strides, data_format):
    last = data_format == "channels_last"
    g, x = channels_second(g, last), channels_second(inputs, last)
    dx = aten.max_pool2d_with_indices_backward(g, x, pool_size, strides, [0, 0], [1, 1], False, places)
    return dx.permute(0, 2, 3, 1) if last else dx


_ATTRIBUTES = ("pool_size", "strides", "data_format")
_POOL = Kernel("max_pool_with_places", max_pool, ("inputs",), _ATTRIBUTES)
_GRADIENT = Kernel("max_pool_gradient", max_pool_gradient, ("g", "inputs", "places"), _ATTRIBUTES)


def _forward(outputs: Any, inputs: Any, *, padding: Any, **attributes: Any) -> Any:
    return _POOL(inputs, outputs=(outputs, Spec(outputs.shape, dtypes.int64)), **attributes)


def _backward(g: Any, places: Any, wanted: Any, inputs: Any, *, padding: Any, **attributes: Any) -> Any:
    return (_GRADIENT(g, inputs, places, outputs=inputs, **attributes),)


def _unpadded_images(equation: Equation) -> bool:
    x = equation.flat_inputs[0]
    return x.ndim == 4 and x.dtype.is_float and equation.attributes["padding"] == "valid"


BACKWARD = {"max_pool": Rule(_backward, _forward, _unpadded_images)}
