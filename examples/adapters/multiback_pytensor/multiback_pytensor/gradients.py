"""Gradients that differ from PyTensor's own, given to values by an op that passes the values on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pytensor.gradient import disconnected_grad, disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op


def with_gradient(value: Any, operands: Sequence[Any], rule: Callable[..., Any]) -> Any:
    """`value`, whose cotangent g goes to the operands as `rule(g, value, *operands)` says, one result per operand."""

    def tuples(g: Any, y: Any, *x: Any) -> Any:
        found = rule(g[0], y[0], *x)
        return found if isinstance(found, tuple) else (found,)

    return with_gradients([value], operands, tuples)[0]


def with_gradients(values: Sequence[Any], operands: Sequence[Any], rule: Callable[..., Any]) -> list[Any]:
    """As `with_gradient` for several values; the rule gives None for operands that are no floats."""
    ruled = _Ruled(len(values), rule)
    return ruled.make_node(*map(disconnected_grad, values), *operands).outputs


class _Ruled(Op):
    """Its first inputs; the others are the operands. What a rule needs of the graph must be among these."""

    def __init__(self, count: int, rule: Callable[..., Any]) -> None:
        self.count, self.rule = count, rule
        self.view_map = {i: [i] for i in range(count)}

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, list(inputs), [x.type() for x in inputs[: self.count]])

    def perform(self, node: Apply, inputs: Any, output_storage: Any) -> None:
        for storage, value in zip(output_storage, inputs):
            storage[0] = value

    def infer_shape(self, fgraph: Any, node: Apply, shapes: Any) -> Any:
        return shapes[: self.count]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        floats = [i >= self.count and x.type.dtype.startswith("float") for i, x in enumerate(node.inputs)]
        return [[flows] * self.count for flows in floats]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        found = self.rule(cotangents, outputs, *inputs[self.count :])
        return [*[disconnected_type()] * self.count, *(disconnected_type() if g is None else g for g in found)]
