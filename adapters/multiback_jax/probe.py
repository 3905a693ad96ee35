"""Looks into JAX's own callables: their jaxpr, run equation by equation."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from multiback.backends.probe import Intermediate, Probe, Script, line_outside, mentions

_CALLS = ("jit", "pjit", "closed_call", "core_call", "checkpoint", "custom_jvp_call", "custom_vjp_call")
"""Primitives that only call a jaxpr: they are looked into. Loops and branches are values of their own."""
_BODIES = ("jaxpr", "call_jaxpr", "fun_jaxpr")
"""The parameters that hold what they call."""


class JaxProbe(Probe):
    """Looks into functions of jax arrays."""

    script = Script(
        "import jax\nimport jax.numpy as jnp\nfrom jax import lax",
        array="jnp.asarray({x}, {dtype})",
        host="np.asarray({x}, np.float64)",
        function="jax.jit({f})",
        wide='jax.config.update("jax_enable_x64", True)',
    )

    def owns(self, function: Any) -> bool:
        return callable(function) and mentions(function, ["jax", "jaxlib"])

    def call(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        with _width(arrays):
            return [np.asarray(y) for y in jax.tree.leaves(function(*map(jnp.asarray, arrays)))]

    def gradients(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        def total(*inputs: Any) -> Any:
            leaves = jax.tree.leaves(function(*inputs))
            return sum(jnp.sum(y * y) for y in leaves if jnp.issubdtype(y.dtype, jnp.floating)) / 2

        floats = tuple(i for i, a in enumerate(arrays) if a.dtype.kind == "f")
        with _width(arrays):
            return [np.asarray(g) for g in jax.grad(total, argnums=floats)(*map(jnp.asarray, arrays))]

    def intermediates(self, function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> list[Intermediate]:
        found: list[Intermediate] = []
        with _width(arrays):
            inputs = list(map(jnp.asarray, arrays))
            closed = jax.make_jaxpr(function)(*inputs)
            _run(closed.jaxpr, closed.consts, inputs, [(-1 - i,) for i in range(len(inputs))], found, "")
        return found


def _run(
    jaxpr: Any, consts: Any, inputs: Any, origins: Any, found: list[Intermediate], path: str
) -> tuple[list[Any], list[tuple[int, ...]]]:
    """The outputs of a jaxpr, and the intermediates that each of them is or comes from."""
    values = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *inputs)))
    origin: dict[Any, tuple[int, ...]] = dict(zip(jaxpr.invars, origins))

    def value(x: Any) -> Any:
        return x.val if hasattr(x, "val") else values[x]

    def whence(x: Any) -> tuple[int, ...]:
        return () if hasattr(x, "val") else origin.get(x, ())

    for equation in jaxpr.eqns:
        operands = [value(x) for x in equation.invars]
        sources = [whence(x) for x in equation.invars]
        name = "/".join(filter(None, (path, str(equation.source_info.name_stack))))
        calls = equation.primitive.name in _CALLS
        inner = next((equation.params[k] for k in _BODIES if k in equation.params), None) if calls else None
        if inner is not None:
            body, consts = getattr(inner, "jaxpr", inner), getattr(inner, "consts", ())
            results, ends = _run(body, consts, operands, sources, found, name)
        else:
            results = equation.primitive.bind(*operands, **equation.params)
            results = results if equation.primitive.multiple_results else [results]
            parents = tuple(dict.fromkeys(i for s in sources for i in s))
            ends = [_recorded(equation, y, name, parents, found) for y in results]
        values.update(zip(equation.outvars, results))
        origin.update(zip(equation.outvars, ends))
    return [value(x) for x in jaxpr.outvars], [whence(x) for x in jaxpr.outvars]


def _recorded(equation: Any, y: Any, name: str, parents: tuple[int, ...], found: list[Intermediate]) -> tuple[int, ...]:
    if not jnp.issubdtype(y.dtype, jnp.floating):
        return parents
    kind = equation.primitive.name
    line = line_outside(("jax", "jaxlib", "multiback_jax"), _frames(equation))
    found.append(Intermediate(f"{name}/{kind}".strip("/"), np.asarray(y), line, parents, kind))
    return (len(found) - 1,)


def _frames(equation: Any) -> Iterator[tuple[str, int]]:
    traceback = equation.source_info.traceback
    for frame in traceback.frames if traceback is not None else ():
        yield frame.file_name, frame.line_num


def _width(arrays: Sequence[np.ndarray]) -> Any:
    wide = any(a.dtype.itemsize == 8 for a in arrays)
    return jax.enable_x64(True) if wide else contextlib.nullcontext()
