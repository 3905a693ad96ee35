"""Functions of JAX that stay one op: recognised by where they are written and by holding exactly the same program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from multiback import ops

_KNOWN: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "log_softmax": (jax.nn.log_softmax, ops.log_softmax),
    "logaddexp": (jax.numpy.logaddexp, ops.logaddexp),
    "relu": (jax.nn.relu, ops.relu),
    "relu6": (jax.nn.relu6, ops.relu6),
    "silu": (jax.nn.silu, ops.silu),
    "softplus": (jax.nn.softplus, ops.softplus),
}
"""JAX's function, and the op with the same value and the same gradient, at kinks too."""


def composite_of(jaxpr: Any) -> Callable[..., Any] | None:
    """The op that a closed jaxpr with a name of its own is, or None."""
    found = _found(jaxpr)
    return found[1] if found else None


def original_of(jaxpr: Any) -> Callable[..., Any] | None:
    """JAX's function that a closed jaxpr with a name of its own is, or None."""
    found = _found(jaxpr)
    return found[0] if found else None


def _found(jaxpr: Any) -> tuple[Callable[..., Any], Callable[..., Any]] | None:
    info = jaxpr.jaxpr.debug_info
    if info.func_name not in _KNOWN or jaxpr.consts:
        return None
    function, op = _KNOWN[info.func_name]
    given = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in jaxpr.in_avals]
    if not given or not given[0].shape:
        return None
    found = _written_at(jax.make_jaxpr(function)(*given).jaxpr, info.func_src_info)
    return (function, op) if found is not None and str(found.jaxpr) == str(jaxpr.jaxpr) else None


def _written_at(jaxpr: Any, place: str) -> Any:
    """The closed jaxpr of the function that is written at this place."""
    for equation in jaxpr.eqns:
        for name in ("jaxpr", "call_jaxpr"):
            inner = equation.params.get(name)
            if inner is None:
                continue
            if inner.jaxpr.debug_info.func_src_info == place:
                return inner
            if (found := _written_at(inner.jaxpr, place)) is not None:
                return found
    return None
