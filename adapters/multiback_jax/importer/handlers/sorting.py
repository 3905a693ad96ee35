"""Sorting along an axis."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.errors import PortError
from multiback_jax.importer.node import Handler, Node, as_value, cast, dtype_of


def _comparable(x: Any) -> Any:
    return ops.cast(x, "int32") if dtype_of(x).kind == "b" else x


def _sort(node: Node, *operands: Any) -> Any:
    axis, keys = node["dimension"], node["num_keys"]
    operands = tuple(as_value(x) for x in operands)
    if any(dtype_of(x).is_complex for x in operands[:keys]):
        raise PortError("Complex numbers cannot be sorted here.")
    if len(operands) == 1:
        (x,) = operands
        return (cast(ops.sort(_comparable(x), axis=axis), dtype_of(x)),)
    # Stable sorts by the last key first: the first key then decides, and the others among its equal elements.
    order = ops.argsort(_comparable(operands[keys - 1]), axis=axis)
    for x in reversed(operands[: keys - 1]):
        finer = ops.argsort(_comparable(ops.take_along_axis(x, order, axis)), axis=axis)
        order = ops.take_along_axis(order, finer, axis)
    return tuple(ops.take_along_axis(x, order, axis) for x in operands)


def _top_k(node: Node, x: Any) -> Any:
    return _largest(node, x, node["axis"] if "axis" in node.params else -1, node["k"])


def _largest(node: Node, x: Any, axis: int, count: int) -> Any:
    axis %= x.ndim
    last = x.ndim - 1
    values, places = ops.top_k(x if axis == last else ops.moveaxis(x, axis, last), count)
    if axis != last:
        values, places = ops.moveaxis(values, last, axis), ops.moveaxis(places, last, axis)
    return values, cast(places, node.specs[1].dtype)


def _approximate_top_k(node: Node, x: Any) -> Any:
    """The exact answer, which satisfies any target for the recall."""
    axis, count = node["reduction_dimension"], node["k"]
    if node["is_max_k"]:
        values, places = _largest(node, x, axis, count)
    else:
        values, places = _largest(node, ops.negative(x), axis, count)
        values = ops.negative(values)
    return values, places


HANDLERS: dict[str, Handler] = {"approx_top_k": _approximate_top_k, "sort": _sort, "top_k": _top_k}
