"""Control flow: PyTensor's ifelse and scan, a loop of our own, and pytensor.grad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytensor
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.ifelse import ifelse

from multiback.errors import GradientError
from multiback_pytensor.compilation import INTERPRETED
from multiback_pytensor.gradients import with_gradients


def cond(predicate, operands, *, true_graph, false_graph):
    outputs = ifelse(predicate, list(true_graph(*operands)), list(false_graph(*operands)))
    floats = [x for x in operands if x.dtype.startswith("float")]

    def rule(g, y, predicate, *operands):
        # Only the chosen branch is differentiated: PyTensor's own rule takes both, where 0 times infinity is NaN.
        pulled = [_pulled(graph, operands, g) for graph in (true_graph, false_graph)]
        chosen = iter(ifelse(predicate, *pulled) if floats else [])
        return (None, *(next(chosen) if x.dtype.startswith("float") else None for x in operands))

    return tuple(with_gradients(outputs, [predicate, *operands], rule))


def _pulled(graph, operands, cotangents):
    """The cotangents of a graph's float operands."""
    leaves = [pt.tensor_copy(x) for x in operands]
    wrt = [x for x in leaves if x.dtype.startswith("float")]
    outputs = map(pt.tensor_copy, graph(*leaves))
    known = {y: g for y, g in zip(outputs, cotangents) if not isinstance(g.type, DisconnectedType)}
    if not known:
        return [pt.zeros_like(x) for x in wrt]
    gradients = pytensor.grad(None, wrt, known_grads=known, disconnected_inputs="ignore")
    return [g.astype(x.dtype) for g, x in zip(gradients, wrt)]


def while_loop(init, captures, *, condition, body):
    return tuple(_WhileLoop(len(init), condition, body).make_node(*init, *captures).outputs)


class _WhileLoop(Op):
    """The state after `body` has been applied for as long as `condition` holds.

    `pytensor.scan` with `until` cannot take zero steps, and without rewrites it keeps the state of every one.
    """

    def __init__(self, count: int, condition: Callable[..., Any], body: Callable[..., Any]) -> None:
        self.count, self.condition, self.body = count, condition, body

    def make_node(self, *inputs: Any) -> Apply:
        inner = [x.type() for x in inputs]
        self.test, self.step = (
            pytensor.function(inner, list(graph(*inner)), mode=INTERPRETED, on_unused_input="ignore")
            for graph in (self.condition, self.body)
        )
        return Apply(self, list(inputs), [x.type() for x in inputs[: self.count]])

    def perform(self, node: Apply, inputs: Any, output_storage: Any) -> None:
        state, captures = inputs[: self.count], inputs[self.count :]
        while self.test(*state, *captures)[0]:
            state = self.step(*state, *captures)
        for storage, value in zip(output_storage, state):
            storage[0] = value.copy()

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        raise GradientError(
            "while_loop has no reverse-mode gradient, since its number of steps is not known. "
            "Use ops.scan with a fixed length, or ops.stop_gradient on its inputs."
        )


def scan(init, xs, captures, *, body, length, reverse, output_specs):
    count, rows = len(init), len(xs)

    def step(*values):
        # pytensor.scan gives the rows first, a body takes the carry first.
        return list(body(*values[rows : rows + count], *values[:rows], *values[rows + count :]))

    stacked = pytensor.scan(
        step,
        sequences=list(xs),
        outputs_info=[*init, *[None] * len(output_specs[1])],
        non_sequences=list(captures),
        n_steps=length,
        go_backwards=reverse,
        mode=INTERPRETED,
        return_list=True,
        return_updates=False,
    )
    last = [_last(first, column, length) for first, column in zip(init, stacked)]
    columns = [column[::-1] if reverse else column for column in stacked[count:]]
    return tuple(last), tuple(columns)


def _last(first, column, length):
    """The last row; what the loop started with when there may be none."""
    if isinstance(length, int) and length > 0:
        return column[-1]
    return pt.concatenate([first[None], column])[-1]


def value_and_grad(wrt, captures, *, body):
    leaves = [pt.tensor_copy(x) for x in wrt]
    outputs = body(*leaves, *captures)
    gradients = pytensor.grad(outputs[0], leaves, disconnected_inputs="ignore")
    return tuple(outputs), tuple(g.astype(x.dtype) for g, x in zip(gradients, wrt))


LOWER = {
    "cond": cond,
    "while_loop": while_loop,
    "scan": scan,
    "value_and_grad": value_and_grad,
}
