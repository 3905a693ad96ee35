"""Gradients that differ from PyTensor's own, given to a value by an op that passes the value on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pytensor.gradient import disconnected_grad, disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op


def with_gradient(value: Any, operands: Sequence[Any], rule: Callable[..., Any]) -> Any:
    """`value`, whose cotangent g goes to the operands as `rule(g, value, *operands)` says, one result per operand."""
    return _Ruled(rule)(disconnected_grad(value), *operands)


class _Ruled(Op):
    view_map = {0: [0]}  # noqa: RUF012

    def __init__(self, rule: Callable[..., Any]) -> None:
        self.rule = rule

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, list(inputs), [inputs[0].type()])

    def perform(self, node: Apply, inputs: Any, output_storage: Any) -> None:
        output_storage[0][0] = inputs[0]

    def infer_shape(self, fgraph: Any, node: Apply, shapes: Any) -> Any:
        return [shapes[0]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False], *[[True]] * (len(node.inputs) - 1)]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        found = self.rule(cotangents[0], outputs[0], *inputs[1:])
        return [disconnected_type(), *(found if isinstance(found, tuple) else (found,))]
