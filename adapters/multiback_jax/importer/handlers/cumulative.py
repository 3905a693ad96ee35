"""Running sums, products, maxima and logarithms of sums."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.graph.dims import Dim
from multiback_jax.importer.node import Handler, Node, dtype_of


def _running(op: Any) -> Handler:
    def handler(node: Node, x: Any) -> Any:
        return op(x, axis=node["axis"], reverse=bool(node["reverse"]))

    return handler


def _scanned(combine: Any) -> Handler:
    """A running combination in log2(n) steps: each element with the one 1, 2, 4, ... places before it."""

    def handler(node: Node, x: Any) -> Any:
        axis, reverse = node["axis"], bool(node["reverse"])
        size = x.shape[axis]
        if isinstance(size, Dim):
            return _stepwise(combine, x, axis, reverse)
        reach = 1
        while reach < size:
            x = _combined(combine, x, axis, reach, reverse)
            reach *= 2
        return x

    return handler


def _combined(combine: Any, x: Any, axis: int, reach: int, reverse: bool) -> Any:
    head: tuple[slice, ...] = (slice(None),) * axis
    start, end = x[(*head, slice(None, -reach))], x[(*head, slice(reach, None))]
    if reverse:
        return ops.concatenate([combine(start, end), x[(*head, slice(-reach, None))]], axis)
    return ops.concatenate([x[(*head, slice(None, reach))], combine(start, end)], axis)


def _stepwise(combine: Any, x: Any, axis: int, reverse: bool) -> Any:
    rows = ops.moveaxis(x, axis, 0)
    first = rows[-1] if reverse else rows[0]

    def step(carry: Any, row: Any) -> Any:
        new = combine(carry, row)
        return new, new

    rest = rows[:-1] if reverse else rows[1:]
    _, others = ops.scan(step, first, rest, reverse=reverse)
    parts = [others, ops.expand_dims(first, 0)] if reverse else [ops.expand_dims(first, 0), others]
    return ops.moveaxis(ops.concatenate(parts, 0), 0, axis)


def _larger(a: Any, b: Any) -> Any:
    return ops.logical_or(a, b) if dtype_of(a).kind == "b" else ops.maximum(a, b)


def _smaller(a: Any, b: Any) -> Any:
    return ops.logical_and(a, b) if dtype_of(a).kind == "b" else ops.minimum(a, b)


HANDLERS: dict[str, Handler] = {
    "cumlogsumexp": _scanned(ops.logaddexp),
    "cummax": _scanned(_larger),
    "cummin": _scanned(_smaller),
    "cumprod": _running(ops.cumulative_prod),
    "cumsum": _running(ops.cumulative_sum),
}
