"""The equations of a jaxpr: all of them, and those that its results depend on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax.extend.core

from multiback.porting.handlers import custom


def living(jaxpr: Any) -> tuple[list[Any], set[int]]:
    """The equations that matter, in order, and the identities of all variables that they or the results read."""
    needed = {id(v) for v in jaxpr.outvars}
    kept = []
    for equation in reversed(jaxpr.eqns):
        if equation.effects or any(id(v) in needed for v in equation.outvars):
            needed |= {id(v) for v in equation.invars}
            kept.append(equation)
    return kept[::-1], needed


def equations(jaxpr: Any) -> Iterator[Any]:
    """All equations, those of programs inside included."""
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        yield equation
        if equation.primitive.name not in custom("jax"):
            for value in equation.params.values():
                yield from _inner(value)


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple | list):
        for item in value:
            yield from _inner(item)
    elif isinstance(value, jax.extend.core.Jaxpr | jax.extend.core.ClosedJaxpr):
        yield from equations(value)
