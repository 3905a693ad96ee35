"""Steps of optimizers, from the domain of training: of the rate, the step, then parameters, gradients, states."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback_onnx.importer.node import Node, array, dtype_of
from multiback_onnx.importer.registry import handler

_DOMAIN = "ai.onnx.preview.training"


def _groups(operands: tuple[Any, ...], count: int) -> list[tuple[Any, ...]]:
    """For each parameter its own operands: all parameters come first, then all gradients, and so on."""
    values = [array(x) for x in operands]
    each = len(values) // count
    return [tuple(values[i + each * k] for k in range(count)) for i in range(each)]


def _columns(rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(value for column in zip(*rows) for value in column)


def _regular(node: Node, x: Any, g: Any) -> Any:
    return ops.add(ops.multiply(x, node.get("norm_coefficient", 0.0)), g)


@handler("Momentum", domain=_DOMAIN)
def momentum(node: Node, rate: Any, step: Any, *operands: Any) -> Any:
    """v' = alpha v + beta g; x' = x - rate v', or by Nesterov x - rate (g + alpha v')."""
    rate, step = array(rate), array(step)
    alpha, beta = node.attributes["alpha"], node.attributes["beta"]
    rows = []
    for x, g, v in _groups(operands, 3):
        g = _regular(node, x, g)
        share = ops.cast(ops.where(ops.greater(step, 0), beta, 1.0), dtype_of(x))
        new = ops.add(ops.multiply(v, alpha), ops.multiply(g, share))
        move = ops.add(g, ops.multiply(new, alpha)) if node.attributes["mode"] == "nesterov" else new
        rows.append((ops.subtract(x, ops.multiply(move, rate)), new))
    return _columns(rows)


@handler("Adagrad", domain=_DOMAIN)
def adagrad(node: Node, rate: Any, step: Any, *operands: Any) -> Any:
    """h' = h + g^2; x' = x - rate / (1 + decay step) g / (sqrt(h') + epsilon)."""
    rate, step = array(rate), array(step)
    rows = []
    for x, g, h in _groups(operands, 3):
        g = _regular(node, x, g)
        slower = ops.add(ops.multiply(ops.cast(step, dtype_of(x)), node.get("decay_factor", 0.0)), 1.0)
        new = ops.add(h, ops.square(g))
        move = ops.divide(g, ops.add(ops.sqrt(new), node.get("epsilon", 0.0)))
        rows.append((ops.subtract(x, ops.multiply(ops.divide(rate, slower), move)), new))
    return _columns(rows)


@handler("Adam", domain=_DOMAIN)
def adam(node: Node, rate: Any, step: Any, *operands: Any) -> Any:
    """v' = alpha v + (1 - alpha) g; h' = beta h + (1 - beta) g^2; x' = x - rate' v' / (sqrt(h') + epsilon)."""
    rate, step = array(rate), array(step)
    alpha, beta = node.get("alpha", 0.9), node.get("beta", 0.999)
    rows = []
    for x, g, v, h in _groups(operands, 4):
        g = _regular(node, x, g)
        mean = ops.add(ops.multiply(v, alpha), ops.multiply(g, 1.0 - alpha))
        square = ops.add(ops.multiply(h, beta), ops.multiply(ops.square(g), 1.0 - beta))
        count = ops.cast(step, dtype_of(x))
        shrunk = ops.sqrt(ops.subtract(1.0, ops.power(beta, count)))
        first = ops.greater(step, 0)
        corrected = ops.where(first, ops.divide(shrunk, ops.subtract(1.0, ops.power(alpha, count))), 1.0)
        move = ops.divide(mean, ops.add(ops.sqrt(square), node.get("epsilon", 0.0)))
        new = ops.subtract(x, ops.multiply(ops.multiply(rate, corrected), move))
        rows.append((ops.multiply(new, 1.0 - node.get("norm_coefficient_post", 0.0)), mean, square))
    return _columns(rows)
