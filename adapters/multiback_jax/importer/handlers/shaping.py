"""Primitives that only move elements, or make arrays of a shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.graph.dims import Size
from multiback.graph.ir import Literal
from multiback_jax.importer.node import Handler, Node, as_value, broadcast_to, cast, dtype_of, known, reshape, transpose


def _broadcast_in_dim(node: Node, x: Any, *sizes: Any) -> Any:
    shape, places = node.shape, node["broadcast_dimensions"]
    if isinstance(x, Literal):
        return ops.full(shape, x.value, node.dtype) if shape else x
    if isinstance(x, np.ndarray) and not x.shape:
        return ops.full(shape, x.item(), node.dtype)
    inner: list[Size] = [1] * len(shape)
    for place, size in zip(places, x.shape):
        inner[place] = size
    return broadcast_to(reshape(x, inner), shape)


def _broadcast_to(node: Node, x: Any, *sizes: Any) -> Any:
    return ops.full(node.shape, x.value, node.dtype) if isinstance(x, Literal) else broadcast_to(x, node.shape)


def _reshape(node: Node, x: Any, *sizes: Any) -> Any:
    order = node["dimensions"]
    return reshape(x if order is None else transpose(x, order), node.shape)


def _transpose(node: Node, x: Any) -> Any:
    return transpose(x, node["permutation"])


def _squeeze(node: Node, x: Any) -> Any:
    return reshape(x, node.shape)


def _concatenate(node: Node, *xs: Any) -> Any:
    return ops.concatenate([as_value(x) for x in xs], node["dimension"]) if len(xs) > 1 else xs[0]


def _stack(node: Node, *xs: Any) -> Any:
    return ops.stack([as_value(x) for x in xs], node["axis"])


def _unstack(node: Node, x: Any) -> Any:
    axis = node["axis"]
    return tuple(
        reshape(ops.getitem(x, (*[slice(None)] * axis, slice(i, i + 1))), spec.shape)
        for i, spec in enumerate(node.specs)
    )


def _reverse(node: Node, x: Any) -> Any:
    axes = tuple(node["dimensions"])
    return ops.flip(x, axes) if axes else x


def _iota(node: Node, *sizes: Any) -> Any:
    shape, axis = node.shape, node["dimension"]
    line = cast(ops.iota(shape[axis]), node.dtype)
    return broadcast_to(reshape(line, [n if i == axis else 1 for i, n in enumerate(shape)]), shape)


def _tile(node: Node, x: Any) -> Any:
    return ops.tile(x, node["reps"])


def _split(node: Node, x: Any) -> Any:
    axis, start, parts = node["axis"], 0, []
    for size in node["sizes"]:
        parts.append(ops.getitem(x, (*[slice(None)] * axis, slice(start, start + size))))
        start = start + size
    return tuple(parts)


def _pad(node: Node, x: Any, value: Any) -> Any:
    config = tuple(tuple(part) for part in node["padding_config"])
    return padded(x, value, config)


def padded(x: Any, value: Any, config: Sequence[Sequence[Size]]) -> Any:
    """XLA's pad: (before, after, between) for each axis, where negative numbers before and after cut off."""
    x = as_value(x)
    fill = known(value)
    if fill is None:
        inside = padded(ops.ones(x.shape, "bool"), Literal(False, dtypes.bool_), config)
        zeros = padded(x, Literal(False if dtype_of(x).kind == "b" else 0, dtype_of(x)), config)
        return ops.where(inside, zeros, value)
    filling = fill.item()
    for axis, (_, _, between) in enumerate(config):
        x = spaced(x, axis, between, filling)
    widths = tuple((_at_least_zero(before), _at_least_zero(after)) for before, after, _ in config)
    if any(pair != (0, 0) for pair in widths):
        x = ops.constant_pad(x, widths, filling)
    key = tuple(
        slice(-before if _negative(before) else 0, size + after if _negative(after) else None)
        for (before, after, _), size in zip(config, x.shape)
    )
    return ops.getitem(x, key) if any(_negative(n) for before, after, _ in config for n in (before, after)) else x


def _negative(n: Size) -> bool:
    return isinstance(n, int) and n < 0


def _at_least_zero(n: Size) -> Size:
    return 0 if _negative(n) else n


def spaced(x: Any, axis: int, between: Size, filling: Any) -> Any:
    """`between` elements of one value put between neighbours along an axis."""
    size = x.shape[axis]
    if between == 0 or size in (0, 1):
        return x
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    widths: list[tuple[Size, Size]] = [(0, 0)] * (x.ndim + 1)
    widths[axis + 1] = (0, between)
    wide = ops.constant_pad(ops.expand_dims(x, axis + 1), tuple(widths), filling)
    wide = ops.reshape(wide, (*before, size * (between + 1), *after))
    return ops.getitem(wide, (*[slice(None)] * axis, slice(0, (size - 1) * (between + 1) + 1)))


def _size_as_value(node: Node) -> Any:
    return ops.dimension(node["dim"], node.dtype)


def _dimension_size(node: Node, x: Any) -> Any:
    return ops.dimension(x.shape[node["dimension"]], node.dtype)


HANDLERS: dict[str, Handler] = {
    "broadcast_in_dim": _broadcast_in_dim,
    "broadcast_to": _broadcast_to,
    "concatenate": _concatenate,
    "dim_as_value": _size_as_value,
    "dimension_size": _dimension_size,
    "iota": _iota,
    "pad": _pad,
    "reshape": _reshape,
    "rev": _reverse,
    "split": _split,
    "squeeze": _squeeze,
    "stack": _stack,
    "tile": _tile,
    "transpose": _transpose,
    "unstack": _unstack,
}
