"""Composites replaced by their bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback.graph.ir import Equation, Graph, Value, flat, map_tuple
from multiback.graph.passes.substitution import Substitution, substitute
from multiback.graph.trace import Body, body_of


def expand(graph: Graph, keep: Callable[[Equation], bool] = lambda equation: False) -> Graph:
    """Replaces each composite by its body, in sub-graphs too, except those that `keep` accepts."""
    if not any(e.op.composite and not keep(e) for e in graph.walk()):
        return graph
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
    given = equation.attributes.get("body") if equation.op.name == "remat" else None
    if given is not None:
        body = Body(given, given.outputs)
    else:
        body = body_of(equation.op, {**dict(zip(equation.op.operands, equation.inputs)), **equation.attributes})
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
