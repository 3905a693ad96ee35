"""An optimizer step may overwrite state only when nobody can see the difference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from multiback import ops
from multiback.backends.protocol import Adapter
from multiback.graph.donation import donate
from multiback.graph.ir import Graph
from multiback.graph.trace import trace
from multiback.variables import Variable

WRITTEN = {"momentum_update": ("parameters", "means")}


def graph_of(step: Callable[[Variable, Variable], Any]) -> Graph:
    parameter, mean = Variable([[1.0, 2.0]]), Variable([[0.0, 0.0]])
    return trace(lambda: step(parameter, mean)).graph


def update(parameter: Variable, mean: Variable, gradient: Any = None) -> Any:
    gradient = parameter * 2.0 if gradient is None else gradient
    (new,), (new_mean,) = ops.momentum_update([parameter], [gradient], [mean], 0.1, 0.9)
    parameter.assign(new)
    mean.assign(new_mean)
    return new


def in_place(graph: Graph) -> list[bool]:
    equations = donate(graph, WRITTEN).equations
    return [e.attributes.get("in_place", False) for e in equations if e.op.name in WRITTEN]


def test_replaced_state_is_overwritten() -> None:
    assert in_place(graph_of(lambda p, m: update(p, m))) == [True]


def test_a_fresh_intermediate_is_overwritten() -> None:
    def step(p: Variable, m: Variable) -> None:
        p.assign(p * 0.5)
        update(p, m)

    assert in_place(graph_of(step)) == [True]


def test_a_second_step_overwrites_the_results_of_the_first() -> None:
    def step(p: Variable, m: Variable) -> None:
        update(p, m)
        update(p, m)

    assert in_place(graph_of(step)) == [True, True]


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda p: ops.reshape(p, (2,)), id="view"),
        pytest.param(lambda p: ops.squeeze(ops.transpose(p))[:1], id="view of a view"),
        pytest.param(lambda p: ops.stop_gradient(p), id="identity"),
    ],
)
def test_old_values_in_use_are_kept(made: Callable[[Any], Any]) -> None:
    def step(p: Variable, m: Variable) -> Any:
        old = made(p)
        update(p, m)
        return ops.sum(old)

    assert in_place(graph_of(step)) == [False]


def test_what_was_computed_from_old_values_does_not_keep_them() -> None:
    def step(p: Variable, m: Variable) -> Any:
        (loss, _), gradients = ops.value_and_grad(
            lambda: (ops.sum(ops.square(p)), p * 1.0), has_aux=True, variables=[p]
        )()
        update(p, m, gradients[0])
        return loss

    assert in_place(graph_of(step)) == [True]


def test_a_view_from_inside_a_gradient_keeps_them() -> None:
    def step(p: Variable, m: Variable) -> Any:
        def loss() -> Any:
            return ops.sum(ops.square(p)), ops.reshape(p, (2,))

        (_, view), gradients = ops.value_and_grad(loss, has_aux=True, variables=[p])()
        update(p, m, gradients[0])
        return view

    assert in_place(graph_of(step)) == [False]


def test_state_that_is_not_replaced_is_kept() -> None:
    def step(p: Variable, m: Variable) -> Any:
        (new,), _ = ops.momentum_update([p], [p * 2.0], [m], 0.1, 0.9)
        return new

    assert in_place(graph_of(step)) == [False]


def test_an_operand_given_twice_is_kept() -> None:
    def step(p: Variable, m: Variable) -> None:
        update(p, m, p)

    assert in_place(graph_of(step)) == [False]


def test_a_result_keeps_the_state_that_it_viewed(adapter: Adapter) -> None:
    variable = Variable([[1.0, 2.0]])

    def step() -> Any:
        before = ops.reshape(variable, (2,))
        variable.assign(variable + 1.0)
        return before, variable.value

    graph = trace(step).graph
    cell = adapter.cell(adapter.from_numpy(np.array([[1.0, 2.0]], np.float32)), trainable=True, name="v")
    (new,), (before, after) = adapter.compile(graph).run([cell], [])
    assert adapter.to_numpy(before).tolist() == [1.0, 2.0]
    assert adapter.to_numpy(after).tolist() == adapter.to_numpy(adapter.read(new)).tolist() == [[2.0, 3.0]]
