"""Graph to graph rewrites. Each returns a new graph with the same inputs, outputs and meaning."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.graph.dims import Dim, Shape
from multiback.graph.ir import Equation, Graph, Literal, Operand, Spec, Value, flat, map_tuple
from multiback.graph.trace import body_of

Substitution = dict[Value, Any]


def substitute(operand: Operand, env: Substitution) -> Any:
    """The operand with values replaced as `env` says."""
    return map_tuple(lambda x: env.get(x, x) if isinstance(x, Value) else x, operand)


def expand(graph: Graph, keep: Callable[[Equation], bool] = lambda equation: False) -> Graph:
    """Replaces each composite by its body, in sub-graphs too, except those that `keep` accepts."""
    equations: list[Equation] = []
    constants = dict(graph.constants)
    env: Substitution = {}
    _expand_into(graph.equations, equations, constants, env, keep)
    return graph.replace(equations=tuple(equations), outputs=substitute(graph.outputs, env), constants=constants)


def _expand_into(
    source: tuple[Equation, ...],
    equations: list[Equation],
    constants: dict[Value, np.ndarray],
    env: Substitution,
    keep: Callable[[Equation], bool],
) -> None:
    for equation in source:
        equation = equation.replace(
            inputs=substitute(equation.inputs, env),
            attributes={k: expand(v, keep) if isinstance(v, Graph) else v for k, v in equation.attributes.items()},
        )
        if not equation.op.composite or keep(equation):
            equations.append(equation)
            continue
        inner, outputs = instantiate(equation, constants)
        local: Substitution = {}
        _expand_into(inner, equations, constants, local, keep)
        for old, new in zip(flat(equation.outputs), flat(outputs)):
            env[old] = local.get(new, new) if isinstance(new, Value) else new


def instantiate(equation: Equation, constants: dict[Value, np.ndarray]) -> tuple[tuple[Equation, ...], Any]:
    """A composite's body with fresh values, on the equation's own operands; adds its constants to `constants`."""
    call = {**dict(zip(equation.op.operands, equation.inputs)), **equation.attributes}
    body = body_of(equation.op, call)
    env: Substitution = {}
    operands = [x for x in flat(equation.inputs) if isinstance(x, Value)]
    env.update(zip(body.graph.inputs, operands))
    for value, array in body.graph.constants.items():
        env[value] = Value(value.shape, value.dtype)
        constants[env[value]] = array
    copied = []
    for inner in body.graph.equations:
        outputs = map_tuple(lambda v: env.setdefault(v, Value(v.shape, v.dtype)), inner.outputs)
        scope = f"{equation.scope}/{inner.scope}".strip("/") if inner.scope else equation.scope
        copied.append(
            inner.replace(inputs=substitute(inner.inputs, env), outputs=outputs, scope=scope, line=equation.line)
        )
    return tuple(copied), substitute(body.template, env)


def dead_code(graph: Graph) -> Graph:
    """Drops equations whose outputs nobody uses."""
    needed = {x for x in graph.outputs if isinstance(x, Value)}
    kept = []
    for equation in reversed(graph.equations):
        if any(v in needed for v in equation.flat_outputs):
            kept.append(equation)
            needed.update(x for x in equation.flat_inputs if isinstance(x, Value))
    constants = {v: a for v, a in graph.constants.items() if v in needed}
    return graph.replace(equations=tuple(reversed(kept)), constants=constants)


def common_subexpressions(graph: Graph) -> Graph:
    """Computes equal equations once."""
    env: Substitution = {}
    seen: dict[Any, Equation] = {}
    kept = []
    for equation in graph.equations:
        equation = equation.replace(inputs=substitute(equation.inputs, env))
        key = (equation.op.name, equation.inputs, tuple(equation.attributes.items()))
        first = seen.get(key)
        if first is None:
            seen[key] = equation
            kept.append(equation)
        else:
            env.update(zip(flat(equation.outputs), flat(first.outputs)))
    return graph.replace(equations=tuple(kept), outputs=substitute(graph.outputs, env))


def fold_constants(graph: Graph, limit: int = 1 << 16) -> Graph:
    """Computes on the host what depends on constants only, where the result has at most `limit` elements."""
    constants = dict(graph.constants)
    kept = []
    for equation in graph.equations:
        if not _foldable(equation, constants, limit):
            kept.append(equation)
            continue
        arrays = map_tuple(lambda x: _as_array(x, constants), equation.inputs)
        with np.errstate(all="ignore"):
            result = equation.op.numpy(*arrays, **equation.attributes)  # type: ignore[misc]
        for value, array in zip(flat(equation.outputs), flat(result)):
            constants[value] = np.asarray(array, value.dtype.numpy)
    return dead_code(graph.replace(equations=tuple(kept), constants=constants))


def _foldable(equation: Equation, constants: dict[Value, np.ndarray], limit: int) -> bool:
    if equation.op.numpy is None or equation.graphs or not equation.flat_inputs:
        return False
    if not all(isinstance(x, Literal) or x in constants for x in equation.flat_inputs):
        return False
    if any(isinstance(d, Dim) for a in equation.attributes.values() for d in flat(a)):
        return False
    return all(_elements(v.shape) <= limit for v in equation.flat_outputs)


def _elements(shape: Shape) -> float:
    known = [d for d in shape if not isinstance(d, Dim)]
    return math.prod(known) if len(known) == len(shape) else math.inf


def _as_array(x: Any, constants: dict[Value, np.ndarray]) -> Any:
    return np.asarray(x.value, x.dtype.numpy) if isinstance(x, Literal) else None if x is None else constants[x]


def widen(graph: Graph) -> Graph:
    """The same graph with every float computed in float64: the reference that rounding is judged against."""

    def wide(dtype: dtypes.DType) -> dtypes.DType:
        return {"f": dtypes.float64, "c": dtypes.complex128}.get(dtype.kind, dtype)

    def convert(graph: Graph) -> Graph:
        env: dict[Value, Value] = {}

        def value(v: Value) -> Value:
            if v not in env:
                env[v] = Value(v.shape, wide(v.dtype), v.name)
            return env[v]

        def operand(x: Any) -> Any:
            if isinstance(x, Literal):
                return Literal(x.value, wide(x.dtype))
            return value(x) if isinstance(x, Value) else x

        def attribute(x: Any) -> Any:
            if isinstance(x, Graph):
                return convert(x)
            return wide(x) if isinstance(x, dtypes.DType) else x

        equations = tuple(
            e.replace(
                inputs=map_tuple(operand, e.inputs),
                outputs=map_tuple(value, e.outputs),
                attributes={k: attribute(v) for k, v in e.attributes.items()},
            )
            for e in graph.equations
        )
        return graph.replace(
            inputs=tuple(map(value, graph.inputs)),
            equations=equations,
            outputs=tuple(map(operand, graph.outputs)),
            constants={value(v): a.astype(wide(v.dtype).numpy) for v, a in graph.constants.items()},
        )

    return convert(graph)


def cast_sizes(graph: Graph) -> Graph:
    """Makes a size in the dtype in which it is wanted, instead of casting it."""
    made: dict[Value, Equation] = {}
    equations = []
    for equation in graph.equations:
        source = made.get(equation.inputs[0]) if equation.op.name == "cast" else None  # type: ignore[arg-type]
        if source is not None:
            attributes = {**source.attributes, "dtype": equation.attributes["dtype"]}
            equation = source.replace(attributes=attributes, outputs=equation.outputs)
        if equation.op.name == "dimension":
            made[equation.flat_outputs[0]] = equation
        equations.append(equation)
    return graph.replace(equations=tuple(equations))


def optimize(graph: Graph) -> Graph:
    """The passes that every adapter gets, in sub-graphs too: common subexpressions, constants, dead code."""
    equations = tuple(
        e.replace(attributes={**e.attributes, **{k: optimize(inner) for k, inner in e.graphs.items()}})
        if e.graphs
        else e
        for e in graph.equations
    )
    return dead_code(fold_constants(common_subexpressions(cast_sizes(graph.replace(equations=equations)))))


def specs(graph: Graph) -> tuple[Spec, ...]:
    """The specs of a graph's inputs."""
    return tuple(v.spec for v in graph.inputs)
