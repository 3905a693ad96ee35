"""Activation functions."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback_onnx.importer.node import Node, array, axis_index, dtype_of
from multiback_onnx.importer.registry import handler

_SELU_ALPHA, _SELU_GAMMA = 1.67326319217681884765625, 1.05070102214813232421875


def _named(op: str) -> Any:
    return lambda node, x: getattr(ops, op)(array(x))


for _name, _op in {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Mish": "mish",
}.items():
    handler(_name)(_named(_op))


@handler("LeakyRelu")
def leaky_relu(node: Node, x: Any) -> Any:
    """x where x >= 0, else alpha * x."""
    return ops.leaky_relu(array(x), node.get("alpha", 0.01))


@handler("Elu")
def elu(node: Node, x: Any) -> Any:
    """x where x > 0, else alpha * (exp(x) - 1)."""
    return ops.elu(array(x), node.get("alpha", 1.0))


@handler("Celu")
def celu(node: Node, x: Any) -> Any:
    """x where x > 0, else alpha * (exp(x / alpha) - 1)."""
    return ops.celu(array(x), node.get("alpha", 1.0))


@handler("Selu")
def selu(node: Node, x: Any) -> Any:
    """gamma * elu(x, alpha)."""
    alpha, gamma = node.get("alpha", _SELU_ALPHA), node.get("gamma", _SELU_GAMMA)
    if abs(alpha - _SELU_ALPHA) < 1e-7 and abs(gamma - _SELU_GAMMA) < 1e-7:
        return ops.selu(array(x))
    return ops.multiply(ops.elu(array(x), alpha), gamma)


@handler("ThresholdedRelu")
def thresholded_relu(node: Node, x: Any) -> Any:
    """x where x > alpha, else 0."""
    return ops.threshold(array(x), node.get("alpha", 1.0), 0.0)


@handler("HardSigmoid")
def hard_sigmoid(node: Node, x: Any) -> Any:
    """max(0, min(1, alpha * x + beta))."""
    alpha, beta = node.get("alpha", 0.2), node.get("beta", 0.5)
    return ops.clip(ops.add(ops.multiply(array(x), alpha), beta), 0.0, 1.0)


@handler("HardSwish")
def hard_swish(node: Node, x: Any) -> Any:
    """x * max(0, min(1, x / 6 + 1 / 2))."""
    return ops.hard_silu(array(x))


@handler("Gelu")
def gelu(node: Node, x: Any) -> Any:
    """x * P(X <= x) for a normal X."""
    return ops.gelu(array(x), approximate=node.get("approximate", "none") == "tanh")


@handler("Swish")
def swish(node: Node, x: Any) -> Any:
    """x * sigmoid(alpha * x)."""
    x, alpha = array(x), node.get("alpha", 1.0)
    return ops.silu(x) if alpha == 1.0 else ops.multiply(x, ops.sigmoid(ops.multiply(x, alpha)))


@handler("PRelu")
def prelu(node: Node, x: Any, slope: Any) -> Any:
    """x where x >= 0, else slope * x."""
    x, slope = array(x), array(slope)
    if node.version < 7 and slope.ndim == 1 and x.ndim > 1:
        # In opset 6 one slope per channel is the second axis.
        slope = ops.reshape(slope, (-1, *[1] * (x.ndim - 2)))
    return ops.where(ops.less(x, 0), ops.multiply(slope, x), x)


@handler("Shrink")
def shrink(node: Node, x: Any) -> Any:
    """x moved toward 0 by bias where it is beyond lambd, else 0."""
    x, bias, lambd = array(x), node.get("bias", 0.0), node.get("lambd", 0.5)
    dtype = dtype_of(x)
    if dtype.is_integer:
        wide = ops.cast(x, "float32")
        return ops.cast(_shrunk(wide, bias, lambd), dtype)
    return _shrunk(x, bias, lambd)


def _shrunk(x: Any, bias: float, lambd: float) -> Any:
    inner = ops.where(ops.greater(x, lambd), ops.subtract(x, bias), 0.0)
    return ops.where(ops.less(x, -lambd), ops.add(x, bias), inner)


@handler("Softmax", 13)
def softmax(node: Node, x: Any) -> Any:
    """Normalised exponentials along one axis."""
    return ops.softmax(array(x), node.get("axis", -1))


@handler("Softmax", 1)
def softmax_over_rest(node: Node, x: Any) -> Any:
    """Normalised exponentials over an axis and all that follow."""
    x = array(x)
    return ops.softmax(x, _rest(node, x))


@handler("LogSoftmax", 13)
def log_softmax(node: Node, x: Any) -> Any:
    """Logarithm of softmax along one axis."""
    return ops.log_softmax(array(x), node.get("axis", -1))


@handler("LogSoftmax", 1)
def log_softmax_over_rest(node: Node, x: Any) -> Any:
    """Logarithm of softmax over an axis and all that follow."""
    x = array(x)
    return ops.log_softmax(x, _rest(node, x))


def _rest(node: Node, x: Any) -> Any:
    axis = axis_index(node.get("axis", 1), x.ndim)
    return axis if axis == x.ndim - 1 else tuple(range(axis, x.ndim))


@handler("Hardmax", 13)
def hardmax(node: Node, x: Any) -> Any:
    """1 at the first largest element along an axis, else 0."""
    x = array(x)
    return _hardest(x, axis_index(node.get("axis", -1), x.ndim))


@handler("Hardmax", 1)
def hardmax_over_rest(node: Node, x: Any) -> Any:
    """1 at the first largest element over an axis and all that follow, else 0."""
    x = array(x)
    axis = axis_index(node.get("axis", 1), x.ndim)
    flat = ops.reshape(x, (*x.shape[:axis], -1))
    return ops.reshape(_hardest(flat, axis), x.shape)


def _hardest(x: Any, axis: int) -> Any:
    return ops.one_hot(ops.argmax(x, axis), x.shape[axis], axis=axis, dtype=dtype_of(x))
