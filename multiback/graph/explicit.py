"""Gradients written out as equations for an adapter that has native kernels for them.

An adapter's rules say how an op is differentiated by kernels. A `value_and_grad` whose every differentiated equation
has a rule, or is a primitive whose own gradient is as good as a kernel, becomes straight-line equations: forward, then
backward, sharing what the forward pass computed. All others stay, for the framework's own differentiation.
Source: Griewank and Walther, Evaluating Derivatives, 2nd edition, chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback.graph import passes
from multiback.graph.gradient import backward_scope, emit, unbroadcast, zeros
from multiback.graph.ir import Equation, Graph, Literal, Value, flat, map_tuple
from multiback.graph.op import OPS
from multiback.graph.trace import Builder, current_builder, scope


class Uncovered(Exception):
    """An equation is differentiated for which there is no rule."""


@dataclass(frozen=True)
class Rule:
    """How an op is differentiated by kernels.

    Attributes:
        backward: `backward(g, saved, wanted, *operands, **attributes)` records the cotangent of each operand. `g` has
            one cotangent per output, None where none arrives; `wanted` says which operands need theirs.
        forward: `forward(outputs, *operands, **attributes) -> (outputs, saved)` records what runs instead of the op,
            whose outputs it is given as an example; by itself the op runs, and its outputs are what is saved.
        when: Whether it covers this equation.
    """

    backward: Callable[..., Any]
    forward: Callable[..., tuple[Any, Any]] | None = None
    when: Callable[[Equation], bool] = lambda equation: True


def write_out(
    graph: Graph, rules: Mapping[str, Sequence[Rule]], primitives: Collection[str], whole: Callable[[Equation], bool]
) -> Graph:
    """The graph with each `value_and_grad` that the rules cover written out as equations.

    Arguments:
        graph: Of which only the outermost equations are looked at.
        rules: By op name; of several, the first that covers an equation is taken.
        primitives: Names of the primitives whose own gradient rule may be used.
        whole: Whether a composite without a rule must not be expanded, because the adapter has it natively.
    """
    if not any(e.op.name == "value_and_grad" for e in graph.equations):
        return graph
    builder = Builder(graph.name)
    env: dict[Value, Any] = {v: builder.input(v.spec, v.name) for v in graph.inputs}
    builder.run(_record, graph, env, _Rules(rules, frozenset(primitives), whole))
    return graph.replace(
        inputs=tuple(builder.inputs),
        equations=tuple(builder.equations),
        outputs=tuple(_at(env, x) for x in graph.outputs),
        constants=builder.constants,
    )


@dataclass(frozen=True)
class _Rules:
    rules: Mapping[str, Sequence[Rule]]
    primitives: frozenset[str]
    whole: Callable[[Equation], bool]

    def of(self, equation: Equation) -> Rule | None:
        return next((r for r in self.rules.get(equation.op.name, ()) if r.when(equation)), None)

    def cover(self, equation: Equation) -> bool:
        return self.of(equation) is not None or equation.op.name in self.primitives

    def expand(self, equation: Equation) -> bool:
        return equation.op.composite and not self.whole(equation)


def _record(graph: Graph, env: dict[Value, Any], rules: _Rules) -> None:
    builder = current_builder()
    assert builder is not None
    for value, array in graph.constants.items():
        env[value] = builder.constant(array)
    for equation in graph.equations:
        if equation.op.name == "value_and_grad":
            recorded = len(builder.equations)
            try:
                _record_gradient(equation, env, rules)
                continue
            except Uncovered:
                del builder.equations[recorded:]
        emit(equation, env)


def _record_gradient(equation: Equation, env: dict[Value, Any], rules: _Rules) -> None:
    builder = current_builder()
    assert builder is not None
    wrt, captures = (tuple(_at(env, x) for x in part) for part in equation.inputs)  # type: ignore[union-attr]
    body, tape = _differentiated(equation.attributes["body"], len(wrt), rules)
    inner: dict[Value, Any] = dict(zip(body.inputs, (*wrt, *captures)))
    for value, array in body.constants.items():
        inner[value] = builder.constant(array)
    saved: dict[Equation, Any] = {}
    for step in body.equations:
        rule = rules.of(step) if step in tape else None
        if rule is None or rule.forward is None:
            outputs = emit(step, inner).outputs
            saved[step] = outputs
            continue
        operands = map_tuple(lambda x: _at(inner, x), step.inputs)
        with scope(step.scope):
            outputs, saved[step] = rule.forward(step.outputs, *operands, **step.attributes)
        for old, new in zip(flat(step.outputs), flat(outputs)):
            inner[old] = new
    gradients = _pulled(body, tape, inner, saved, rules, len(wrt))
    for old, new in zip(flat(equation.outputs), [*(_at(inner, x) for x in body.outputs), *gradients]):
        env[old] = new


def _differentiated(body: Graph, count: int, rules: _Rules) -> tuple[Graph, dict[Equation, None]]:
    """The body with composites expanded until every equation between inputs and scalar is covered, and those."""
    while True:
        active = _active(body, count)
        needed = _needed(body)
        tape = [
            e
            for e in body.equations
            if any(x in active for x in e.flat_inputs) and any(v in active and v in needed for v in e.flat_outputs)
        ]
        missing = [e for e in tape if not rules.cover(e)]
        if not missing:
            return body, dict.fromkeys(tape)
        if not all(rules.expand(e) for e in missing):
            raise Uncovered
        body = _expanded(body, missing)


def _expanded(body: Graph, chosen: Sequence[Equation]) -> Graph:
    # An equation's outputs stay the same objects when its inputs are substituted.
    outputs = {v for e in chosen for v in e.flat_outputs}
    return passes.expand(body, lambda e: not any(v in outputs for v in e.flat_outputs))


def _active(body: Graph, count: int) -> set[Any]:
    """The values that depend on what is differentiated."""
    active: set[Any] = set(body.inputs[:count])
    for equation in body.equations:
        if equation.op.name != "stop_gradient" and any(x in active for x in equation.flat_inputs):
            if any(v.dtype.is_complex for v in equation.flat_outputs):
                raise Uncovered
            active.update(v for v in equation.flat_outputs if v.dtype.is_float)
    return active


def _needed(body: Graph) -> set[Any]:
    """The values that the scalar depends on."""
    needed: set[Any] = {body.outputs[0]}
    for equation in reversed(body.equations):
        if any(v in needed for v in equation.flat_outputs):
            needed.update(equation.flat_inputs)
    return needed


def _pulled(
    body: Graph,
    tape: dict[Equation, None],
    env: dict[Value, Any],
    saved: dict[Equation, Any],
    rules: _Rules,
    count: int,
) -> list[Any]:
    """The cotangents of the first inputs of the body, gathered by its own values, from the scalar back."""
    active = _active(body, count)
    scalar = body.outputs[0]
    builder = current_builder()
    assert builder is not None
    gathered: dict[Any, Any] = {}
    if scalar in active:
        gathered[scalar] = builder.constant(np.ones((), scalar.dtype.numpy))
    for step in reversed(tape):
        g = map_tuple(gathered.get, step.outputs)
        if all(x is None for x in flat(g)):
            continue
        operands = map_tuple(lambda x: _at(env, x), step.inputs)
        rule = rules.of(step)
        with backward_scope(step):
            if rule is not None:
                wanted = map_tuple(lambda x: x in active, step.inputs)
                pulled = rule.backward(g, saved[step], wanted, *operands, **step.attributes)
            else:
                full = map_tuple(lambda v: gathered[v] if v in gathered else zeros(env[v]), step.outputs)
                pulled = step.op.gradient(full, saved[step], *operands, **step.attributes)  # type: ignore[misc]
                pulled = pulled if isinstance(pulled, tuple) and len(step.op.operands) > 1 else (pulled,)
            for operand, cotangent in zip(step.inputs, pulled):
                _gather(operand, cotangent, active, gathered)
    return [
        gathered[v] if v in gathered else zeros(env[v] if isinstance(env[v], Value) else v) for v in body.inputs[:count]
    ]


def _gather(operand: Any, cotangent: Any, active: set[Any], gathered: dict[Any, Any]) -> None:
    if cotangent is None or operand is None or isinstance(operand, Literal):
        return
    if isinstance(operand, tuple):
        for item, part in zip(operand, cotangent):
            _gather(item, part, active, gathered)
    elif operand in active:
        builder = current_builder()
        assert builder is not None
        cotangent = builder.lift(unbroadcast(cotangent, operand))
        gathered[operand] = OPS["add"](gathered[operand], cotangent) if operand in gathered else cotangent


def _at(env: dict[Value, Any], x: Any) -> Any:
    return env[x] if isinstance(x, Value) else x
