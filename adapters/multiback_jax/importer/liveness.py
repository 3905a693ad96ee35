"""Which parts of a jaxpr its results depend on."""

from __future__ import annotations

from typing import Any


def living(jaxpr: Any) -> tuple[list[Any], set[int]]:
    """The equations that matter, in order, and the identities of all variables that they or the results read."""
    needed = {id(v) for v in jaxpr.outvars}
    kept = []
    for equation in reversed(jaxpr.eqns):
        if equation.effects or any(id(v) in needed for v in equation.outvars):
            needed |= {id(v) for v in equation.invars}
            kept.append(equation)
    return kept[::-1], needed
