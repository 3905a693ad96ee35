"""Broadcasts that need not be written: a vector that meets an array of which it has the last axis."""

from __future__ import annotations

from typing import Any

import jax.extend.core

_ELEMENTWISE = frozenset(["add", "sub", "mul", "div", "max", "min"])


def silent_broadcasts(jaxpr: Any) -> set[int]:
    """The identities of equations that only repeat a vector (n,) to (..., n) for operands of the full shape."""
    made: dict[Any, Any] = {}
    refused = {v for v in jaxpr.outvars if not isinstance(v, jax.extend.core.Literal)}
    for equation in jaxpr.eqns:
        for v in equation.invars:
            if not isinstance(v, jax.extend.core.Literal) and v in made and not _meets_full_shape(equation, v, made):
                refused.add(v)
        if _repeats_vector(equation):
            made[equation.outvars[0]] = equation
    return {id(equation) for v, equation in made.items() if v not in refused}


def _repeats_vector(equation: Any) -> bool:
    name = equation.primitive.name
    if name not in ("broadcast_in_dim", "reshape") or len(equation.invars) != 1:
        return False
    given, found = equation.invars[0].aval.shape, equation.outvars[0].aval.shape
    if len(given) != 1 or len(found) < 2 or given[0] != found[-1]:
        return False
    if name == "reshape":
        return all(isinstance(n, int) and n == 1 for n in found[:-1])
    return tuple(equation.params["broadcast_dimensions"]) == (len(found) - 1,)


def _meets_full_shape(equation: Any, vector: Any, made: Any) -> bool:
    """Whether an equation combines the vector with another operand, no such vector, that has the result's shape."""
    if equation.primitive.name not in _ELEMENTWISE:
        return False
    others = [v for v in equation.invars if v is not vector]
    if len(others) != 1 or (not isinstance(others[0], jax.extend.core.Literal) and others[0] in made):
        return False
    return tuple(others[0].aval.shape) == tuple(equation.outvars[0].aval.shape)
