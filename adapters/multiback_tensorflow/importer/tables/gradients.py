"""Gradients that a program computes itself: those of the ops that they belong to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback import ops
from multiback.porting.host_values import as_sizes
from multiback_tensorflow.importer.tables import normalization, windows

Handler = Callable[..., Any]


def _pulled(function: Handler, x: Any, g: Any) -> Any:
    """The gradient of sum(function(x) * g) for x."""
    return ops.grad(lambda value: ops.sum(ops.multiply(function(value), g)))(x)


def _of(function: Handler) -> Handler:
    """For ops called on the gradient, then the inputs."""
    return lambda g, x, **_: _pulled(function, x, g)


def _elu(g: Any, y: Any, **_: Any) -> Any:
    return ops.where(ops.less(y, 0), g * (y + 1.0), g)


def _selu(g: Any, y: Any, **_: Any) -> Any:
    scale, scaled_alpha = 1.0507009873554805, 1.7580993408473768
    return ops.where(ops.less(y, 0), g * (y + scaled_alpha), g * scale)


def _leaky(g: Any, x: Any, alpha: float, **_: Any) -> Any:
    return ops.where(ops.greater(x, 0), g, g * alpha)


def _relu6(g: Any, x: Any, **_: Any) -> Any:
    inside = ops.logical_and(ops.greater(x, 0), ops.less(x, 6))
    return ops.where(inside, g, ops.zeros_like(g))


def _bias(g: Any, data_format: str, **_: Any) -> Any:
    axis = 1 if data_format.startswith("NC") and g.ndim > 2 else g.ndim - 1
    return ops.sum(g, axis=tuple(a for a in range(g.ndim) if a != axis))


def _kernel(op: str) -> Handler:
    forward = windows.HANDLERS[op]

    def handler(x: Any, sizes: Any, g: Any, **attributes: Any) -> Any:
        start = ops.zeros(as_sizes(sizes, "the sizes of a kernel"), x.dtype)
        return _pulled(lambda kernel: forward(x, kernel, **attributes), start, g)

    return handler


def _average_pool(op: str) -> Handler:
    forward = windows.HANDLERS[op]

    def handler(sizes: Any, g: Any, **attributes: Any) -> Any:
        start = ops.zeros(as_sizes(sizes, "the sizes of pooled inputs"), g.dtype)
        return _pulled(lambda x: forward(x, **attributes), start, g)

    return handler


def _largest_pool(op: str) -> Handler:
    forward = windows.HANDLERS[op]
    return lambda x, y, g, **attributes: _pulled(lambda value: forward(value, **attributes), x, g)


def _batch_norm(g: Any, x: Any, scale: Any, mean: Any, variance: Any, *_: Any, **attributes: Any) -> Any:
    """The gradients for x, scale and offset."""
    forward = normalization.HANDLERS["FusedBatchNormV3"]
    attributes = {"exponential_avg_factor": 1.0, **attributes}

    def total(x: Any, scale: Any, offset: Any) -> Any:
        return ops.sum(ops.multiply(forward(x, scale, offset, mean, variance, **attributes)[0], g))

    found = ops.grad(total, (0, 1, 2))(x, scale, ops.zeros_like(scale))
    empty = ops.zeros((0,), scale.dtype)
    return *found, empty, empty


HANDLERS: dict[str, Handler] = {
    "AvgPool3DGrad": _average_pool("AvgPool3D"),
    "AvgPoolGrad": _average_pool("AvgPool"),
    "BiasAddGrad": _bias,
    "Conv2DBackpropFilter": _kernel("Conv2D"),
    "Conv3DBackpropFilterV2": _kernel("Conv3D"),
    "DepthwiseConv2dNativeBackpropFilter": _kernel("DepthwiseConv2dNative"),
    "EluGrad": _elu,
    "FusedBatchNormGradV3": _batch_norm,
    "InvGrad": lambda y, g, **_: -g * ops.square(y),
    "LeakyReluGrad": _leaky,
    "MaxPool3DGrad": _largest_pool("MaxPool3D"),
    "MaxPoolGrad": _largest_pool("MaxPool"),
    "ReciprocalGrad": lambda y, g, **_: -g * ops.square(y),
    "Relu6Grad": _relu6,
    "ReluGrad": lambda g, x, **_: ops.where(ops.greater(x, 0), g, ops.zeros_like(g)),
    "RsqrtGrad": lambda y, g, **_: g * y * ops.square(y) * -0.5,
    "SeluGrad": _selu,
    "SigmoidGrad": lambda y, g, **_: g * y * (1.0 - y),
    "SoftplusGrad": _of(ops.softplus),
    "SoftsignGrad": _of(ops.softsign),
    "SqrtGrad": lambda y, g, **_: g * 0.5 / y,
    "TanhGrad": lambda y, g, **_: g * (1.0 - ops.square(y)),
}

STATIC: dict[str, tuple[int, ...]] = {
    "AvgPool3DGrad": (0,),
    "AvgPoolGrad": (0,),
    "Conv2DBackpropFilter": (1,),
    "Conv3DBackpropFilterV2": (1,),
    "DepthwiseConv2dNativeBackpropFilter": (1,),
}
