"""Primitives that reduce axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend.core
import numpy as np

from multiback import ops
from multiback.graph.dims import product
from multiback.graph.ir import Spec
from multiback_jax.importer.node import Handler, Node, as_value, broadcast_to, cast, dtype_of, transpose
from multiback_jax.importer.sizes import symbolic_arguments


def _reducing(op: Any) -> Handler:
    def handler(node: Node, x: Any) -> Any:
        axes = tuple(node["axes"])
        return op(x, axis=axes) if axes else x

    return handler


def _extreme(op: Any, of_bools: Any) -> Handler:
    def handler(node: Node, x: Any) -> Any:
        axes = tuple(node["axes"])
        if not axes:
            return x
        return (of_bools if dtype_of(x).kind == "b" else op)(x, axis=axes)

    return handler


def _position(op: Any) -> Handler:
    def handler(node: Node, x: Any) -> Any:
        (axis,) = node["axes"]
        if dtype_of(x).kind == "b":
            x = ops.cast(x, "int32")
        return cast(op(x, axis=axis), node.dtype)

    return handler


def _bits(op: Any, of_bools: Any) -> Handler:
    """Bitwise reductions of integers, halving the axis until one element is left."""

    def handler(node: Node, x: Any) -> Any:
        if dtype_of(x).kind == "b":
            return of_bools(x, tuple(node["axes"])) if node["axes"] else x
        neutral = -1 if op is ops.bitwise_and and dtype_of(x).kind == "i" else 0
        if op is ops.bitwise_and and dtype_of(x).kind == "u":
            neutral = int(np.iinfo(dtype_of(x).numpy).max)
        return _folded(lambda a, b: op(a, b), _in_front(x, node["axes"]), neutral)

    return handler


def _in_front(x: Any, axes: Any) -> Any:
    """The axes to be reduced as one, in front of the others."""
    axes = tuple(axes)
    kept = [a for a in range(x.ndim) if a not in axes]
    return ops.reshape(transpose(x, (*axes, *kept)), (product(x.shape[a] for a in axes), *(x.shape[a] for a in kept)))


def _folded(combine: Any, x: Any, neutral: Any) -> Any:
    count = int(x.shape[0])
    if count == 0:
        return ops.full(x.shape[1:], neutral, x.dtype)
    while count > 1:
        half = count // 2
        y = combine(x[:half], x[half : 2 * half])
        x = y if count % 2 == 0 else ops.concatenate([y, x[2 * half :]], 0)
        count = half + count % 2
    return x[0]


def _odd(x: Any, axes: tuple[int, ...]) -> Any:
    return ops.equal(ops.remainder(ops.sum(ops.cast(x, "int32"), axis=axes), 2), 1)


def element_by_element(node: Node, jaxpr: Any, consts: Sequence[Any] = ()) -> Callable[..., list[Any]]:
    """A program of scalars on arrays of one shape."""
    closed = jaxpr if hasattr(jaxpr, "consts") else jax.extend.core.ClosedJaxpr(jaxpr, consts)
    scalars = jax.extend.core.jaxpr_as_fun(closed)

    def combine(*operands: Any) -> list[Any]:
        given = symbolic_arguments([Spec(tuple(x.shape), dtype_of(x)) for x in operands])
        wide = jax.make_jaxpr(lambda *xs: jax.numpy.vectorize(lambda *one: tuple(scalars(*one)))(*xs))(*given)
        return node.run(wide, operands)

    return combine


def _reduce(node: Node, *operands: Any) -> Any:
    """A reduction by a person's own function: one step after another, as XLA may take them in any order."""
    half = len(operands) // 2
    xs, starts = [as_value(x) for x in operands[:half]], operands[half:]
    rows = [_in_front(x, node["dimensions"]) for x in xs]
    init = tuple(broadcast_to(s, r.shape[1:]) for s, r in zip(starts, rows))

    combine = element_by_element(node, node["jaxpr"])

    def step(carry: Any, row: Any) -> Any:
        return tuple(combine(*carry, *row)), ()

    last, _ = ops.scan(step, init, tuple(rows))
    return tuple(last)


HANDLERS: dict[str, Handler] = {
    "argmax": _position(ops.argmax),
    "argmin": _position(ops.argmin),
    "reduce": _reduce,
    "reduce_and": _bits(ops.bitwise_and, ops.all),
    "reduce_max": _extreme(ops.amax, ops.any),
    "reduce_min": _extreme(ops.amin, ops.all),
    "reduce_or": _bits(ops.bitwise_or, ops.any),
    "reduce_prod": _reducing(ops.prod),
    "reduce_sum": _reducing(ops.sum),
    "reduce_xor": _bits(ops.bitwise_xor, _odd),
}
