"""Reverse-mode differentiation of graphs: the vjp rule beside each primitive, applied from the last equation back.

This is the reference that native autodiff is judged by, and what an adapter without autodiff trains with.
Source: Griewank and Walther, Evaluating Derivatives, 2nd edition, chapter 3.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from multiback.errors import GradientError
from multiback.graph import passes
from multiback.graph.ir import Equation, Graph, Literal, Spec, Value, flat, map_tuple
from multiback.graph.op import OPS
from multiback.graph.trace import Builder, current_builder, scope

_GRADIENT = "value_and_grad"


def inline(graph: Graph, operands: Sequence[Any]) -> list[Any]:
    """Records a graph's equations in the graph being traced; returns its outputs for these operands."""
    return _replay(graph, operands)[0]


def vjp(graph: Graph, operands: Sequence[Any], wrt: Sequence[int], cotangents: Sequence[Any]) -> tuple[list, list]:
    """The outputs of a graph, and the cotangents of some inputs, recorded in the graph being traced.

    Arguments:
        graph: Closed: it sees only its inputs.
        operands: One value per input.
        wrt: Indices of the inputs to differentiate.
        cotangents: One per output; None for an output that is not differentiated.

    Returns:
        The outputs, and one cotangent per index, zeros where the outputs do not depend on the input.

    Raises:
        GradientError: if an op on the way has no gradient.
    """
    operands = _distinct(operands)
    outputs, tape = _replay(graph, operands)
    inputs = [operands[i] for i in wrt]
    active = _active(tape, inputs)
    gathered: dict[Value, Any] = {}
    for output, cotangent in zip(outputs, cotangents):
        if isinstance(output, Value) and cotangent is not None and output in active:
            _accumulate(gathered, output, cotangent)
    for equation in reversed(tape):
        with backward_scope(equation):
            _pull(equation, active, gathered)
    return outputs, [gathered[x] if x in gathered else zeros(x) for x in inputs]


def backward_scope(equation: Equation) -> contextlib.AbstractContextManager[None]:
    """Marks what is recorded inside as the backward pass of an equation: its scope with a prime, `encoder/dense'`."""
    return scope(f"{equation.scope}'")


def _distinct(operands: Sequence[Any]) -> list[Any]:
    """The operands, each its own value, so that every input gathers its own cotangent."""
    builder = _builder()
    seen: set[Any] = set()
    found = []
    for x in operands:
        value = builder.lift(x)
        if isinstance(value, Value) and value in seen:
            value = builder.emit(OPS["cast"], {"x": value, "dtype": value.dtype}, value.spec)
        seen.add(value)
        found.append(value)
    return found


def expand_gradients(graph: Graph) -> Graph:
    """The graph with every `value_and_grad` equation written out in primitives, in sub-graphs too."""
    builder = Builder(graph.name)
    env: dict[Value, Any] = {}
    for value in graph.inputs:
        env[value] = builder.input(value.spec, value.name)
    builder.run(_expand_into, graph, env)
    return graph.replace(
        inputs=tuple(builder.inputs),
        equations=tuple(builder.equations),
        outputs=tuple(_lookup(env, x) for x in graph.outputs),
        constants=builder.constants,
    )


def _expand_into(graph: Graph, env: dict[Value, Any]) -> None:
    builder = _builder()
    for value, array in graph.constants.items():
        env[value] = builder.constant(array)
    for equation in graph.equations:
        if equation.op.name == _GRADIENT:
            _expand_gradient(equation, env)
            continue
        graphs = {k: expand_gradients(v) for k, v in equation.graphs.items()}
        emit(equation.replace(attributes={**equation.attributes, **graphs}), env)


def _expand_gradient(equation: Equation, env: dict[Value, Any]) -> None:
    body = expand_gradients(equation.attributes["body"])
    wrt, captures = map_tuple(lambda x: _lookup(env, x), equation.inputs)
    seed = OPS["cast"](1.0, body.outputs[0].dtype)
    cotangents = [seed, *([None] * (len(body.outputs) - 1))]
    outputs, gradients = vjp(body, [*wrt, *captures], range(len(wrt)), cotangents)
    for old, new in zip(flat(equation.outputs), [*outputs, *gradients]):
        env[old] = new


def _replay(graph: Graph, operands: Sequence[Any]) -> tuple[list[Any], list[Equation]]:
    """Records a graph's equations on these operands; returns its outputs and what was recorded."""
    graph = passes.expand(graph, lambda equation: equation.op.gradient is not None)
    if any(e.op.name == _GRADIENT for e in graph.walk()):
        graph = passes.expand(expand_gradients(graph), lambda equation: equation.op.gradient is not None)
    builder = _builder()
    env: dict[Value, Any] = {v: builder.lift(x) for v, x in zip(graph.inputs, operands)}
    for value, array in graph.constants.items():
        env[value] = builder.constant(array)
    tape = [emit(equation, env) for equation in graph.equations]
    return [_lookup(env, x) for x in graph.outputs], tape


def emit(equation: Equation, env: dict[Value, Any]) -> Equation:
    """Records an equation of another graph, its operands as `env` has them; adds its outputs to `env`."""
    builder = _builder()
    inputs = map_tuple(lambda x: _lookup(env, x), equation.inputs)
    call = {**dict(zip(equation.op.operands, inputs)), **equation.attributes}
    with scope(equation.scope) if equation.scope else _NOTHING:
        outputs = builder.emit(equation.op, call, map_tuple(lambda v: v.spec, equation.outputs))
    for old, new in zip(flat(equation.outputs), flat(outputs)):
        env[old] = new
    return equation.replace(inputs=inputs, outputs=outputs)


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


_NOTHING = _Nothing()


def _builder() -> Builder:
    builder = current_builder()
    if builder is None:
        raise GradientError("Gradients of graphs are recorded while tracing; there is no graph being traced here.")
    return builder


def _lookup(env: dict[Value, Any], x: Any) -> Any:
    return env[x] if isinstance(x, Value) else x


def _active(tape: Sequence[Equation], inputs: Sequence[Any]) -> set[Value]:
    active = {x for x in inputs if isinstance(x, Value)}
    for equation in tape:
        if any(x in active for x in equation.flat_inputs):
            if any(v.dtype.is_complex for v in equation.flat_outputs):
                raise GradientError(
                    f"ops.{equation.op.name} makes complex numbers, through which graphs have no gradient. "
                    "Choose a backend that differentiates by itself, or wrap the input in ops.stop_gradient."
                )
            active.update(v for v in equation.flat_outputs if v.dtype.is_float)
    return active


def _pull(equation: Equation, active: set[Value], gathered: dict[Value, Any]) -> None:
    outputs = equation.flat_outputs
    if not any(v in gathered for v in outputs) or not any(x in active for x in equation.flat_inputs):
        return
    if equation.op.gradient is None:
        raise GradientError(
            f"Op {equation.op.name!r} has no gradient{f' (in {equation.scope})' if equation.scope else ''}; "
            "wrap its input in ops.stop_gradient if none should flow."
        )
    g = map_tuple(lambda v: gathered[v] if v in gathered else zeros(v), equation.outputs)
    pulled = equation.op.gradient(g, equation.outputs, *equation.inputs, **equation.attributes)
    if not isinstance(pulled, tuple) or len(equation.op.operands) == 1:
        pulled = (pulled,)
    for operand, cotangent in zip(equation.inputs, pulled):
        _spread(operand, cotangent, active, gathered)


def _spread(operand: Any, cotangent: Any, active: set[Value], gathered: dict[Value, Any]) -> None:
    if cotangent is None or operand is None:
        return
    if isinstance(operand, tuple):
        for item, part in zip(operand, cotangent):
            _spread(item, part, active, gathered)
    elif operand in active:
        _accumulate(gathered, operand, unbroadcast(cotangent, operand))


def _accumulate(gathered: dict[Value, Any], value: Value, cotangent: Any) -> None:
    gathered[value] = OPS["add"](gathered[value], cotangent) if value in gathered else _builder().lift(cotangent)


def unbroadcast(cotangent: Any, value: Value) -> Any:
    """Sums a cotangent over the axes along which its value was broadcast."""
    if isinstance(cotangent, Literal | float | int):
        return OPS["broadcast_to"](OPS["cast"](cotangent, value.dtype), value.shape)
    if cotangent.dtype != value.dtype:
        cotangent = OPS["cast"](cotangent, value.dtype)
    if cotangent.shape == value.shape:
        return cotangent
    extra = cotangent.ndim - value.ndim
    if extra < 0:
        return OPS["broadcast_to"](cotangent, value.shape)
    axes = tuple(range(extra))
    kept = tuple(i + extra for i, size in enumerate(value.shape) if size == 1 and cotangent.shape[i + extra] != 1)
    if axes or kept:
        cotangent = OPS["sum"](cotangent, axis=axes + kept)
        cotangent = OPS["reshape"](cotangent, value.shape) if kept else cotangent
    return cotangent if cotangent.shape == value.shape else OPS["broadcast_to"](cotangent, value.shape)


def zeros(x: Any) -> Any:
    """Zeros with the shape and dtype of `x`, recorded in the graph being traced."""
    spec: Spec = x.spec
    return OPS["broadcast_to"](OPS["cast"](0.0, spec.dtype), spec.shape)
