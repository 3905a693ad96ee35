"""Special functions: some as ops, some by the series or fractions that JAX itself writes in its own primitives."""

from __future__ import annotations

import functools
import importlib
import inspect
import math
from typing import Any

import jax

from multiback import ops
from multiback.errors import PortError
from multiback.graph.dims import Dim
from multiback_jax.importer.handlers.elementwise import plain
from multiback_jax.importer.node import Handler, Node, as_value

_LANCZOS = (
    676.520368121885098567009190444019,
    -1259.13921672240287047156078755283,
    771.3234287776530788486528258894,
    -176.61502916214059906584551354,
    12.507343278686904814458936853,
    -0.13857109526572011689554707,
    9.984369578019570859563e-6,
    1.50563273514931155834e-7,
)
_G = 7.0


def _lanczos(z: Any) -> tuple[Any, Any, Any]:
    """Lanczos's sum at z + 1, its derivative, and z + g + 1/2."""
    total, slope = None, None
    for i, c in enumerate(_LANCZOS):
        part = ops.divide(c, ops.add(z, i + 1.0))
        fall = ops.negative(ops.divide(part, ops.add(z, i + 1.0)))
        total = ops.add(part, 0.99999999999980993227684700473478) if total is None else ops.add(total, part)
        slope = fall if slope is None else ops.add(slope, fall)
    return total, slope, ops.add(z, _G + 0.5)


def _log_gamma(node: Node, x: Any) -> Any:
    """log |gamma(x)|, below 1/2 by the reflection gamma(x) gamma(1 - x) = pi / sin(pi x)."""
    x = as_value(x)
    mirrored = ops.less(x, 0.5)
    z = ops.where(mirrored, ops.negative(x), ops.subtract(x, 1.0))
    total, _, t = _lanczos(z)
    log_t = ops.add(ops.log1p(ops.divide(z, _G + 0.5)), math.log(_G + 0.5))
    inner = ops.multiply(ops.subtract(ops.add(z, 0.5), ops.divide(t, log_t)), log_t)
    y = ops.add(ops.add(inner, math.log(2 * math.pi) / 2), ops.log(total))
    part = ops.abs(x)
    part = ops.subtract(part, ops.floor(part))
    part = ops.where(ops.greater(part, 0.5), ops.subtract(1.0, part), part)
    whole = ops.equal(part, 0.0)
    sine = ops.log(ops.sin(ops.multiply(ops.where(whole, 0.5, part), math.pi)))
    other = ops.subtract(ops.subtract(math.log(math.pi), sine), y)
    other = ops.where(whole, float("inf"), other)
    return ops.where(ops.isinf(x), float("inf"), ops.where(mirrored, other, y))


def _digamma(node: Node, x: Any) -> Any:
    """The derivative of log gamma, below 1/2 by reflection."""
    x = as_value(x)
    mirrored = ops.less(x, 0.5)
    z = ops.where(mirrored, ops.negative(x), ops.subtract(x, 1.0))
    total, slope, t = _lanczos(z)
    log_t = ops.add(ops.log1p(ops.divide(z, _G + 0.5)), math.log(_G + 0.5))
    y = ops.subtract(ops.add(log_t, ops.divide(slope, total)), ops.divide(_G, t))
    part = ops.subtract(x, ops.round(x))
    pole = ops.logical_and(mirrored, ops.equal(part, 0.0))
    tangent = ops.tan(ops.multiply(ops.where(pole, 0.25, part), math.pi))
    reflected = ops.subtract(y, ops.divide(math.pi, ops.where(ops.equal(tangent, 0.0), 1.0, tangent)))
    return ops.where(pole, float("nan"), ops.where(mirrored, reflected, y))


def _written_by_jax(function: str) -> Handler:
    """A primitive that JAX itself writes in other primitives, by a function of its own."""

    def handler(node: Node, *operands: Any) -> Any:
        module = importlib.import_module("jax._src.lax.special")
        written = getattr(module, function, None)
        if written is None:
            raise PortError(f"This version of JAX has no {function}, which {node.name!r} is ported by.")
        shape = next(tuple(x.shape) for x in operands)
        if any(isinstance(n, Dim) for n in shape):
            raise PortError(f"{node.name!r} can be ported for a fixed batch only: pass dynamic_batch=False.")
        given = [jax.ShapeDtypeStruct(tuple(x.shape), str(x.dtype)) for x in operands]
        if "dtype" in inspect.signature(written).parameters:
            written = functools.partial(written, dtype=node.dtype.numpy)
        return node.run(jax.make_jaxpr(written)(*given), [as_value(x) for x in operands])[0]

    return handler


HANDLERS: dict[str, Handler] = {
    "bessel_i0e": _written_by_jax("bessel_i0e_impl"),
    "digamma": _digamma,
    "erf_inv": plain(ops.erfinv),
    "erfc": plain(ops.erfc),
    "igamma": _written_by_jax("igamma_impl"),
    "igamma_grad_a": _written_by_jax("igamma_grad_a_impl"),
    "igammac": _written_by_jax("igammac_impl"),
    "lgamma": _log_gamma,
    "regularized_incomplete_beta": _written_by_jax("regularized_incomplete_beta_impl"),
}
