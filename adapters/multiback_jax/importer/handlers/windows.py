"""Reductions over windows, and what their gradients are made of."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import ops
from multiback.dtypes import DType
from multiback.errors import PortError
from multiback.graph.dims import Dim
from multiback.ops import _windows
from multiback_jax.importer.handlers.reduction import element_by_element
from multiback_jax.importer.handlers.shaping import padded
from multiback_jax.importer.node import Handler, Node, as_value, dtype_of, known, number


def _lowest(dtype: DType) -> Any:
    if dtype.kind == "b":
        return False
    return float("-inf") if dtype.is_float else int(np.iinfo(dtype.numpy).min)


def _highest(dtype: DType) -> Any:
    if dtype.kind == "b":
        return True
    return float("inf") if dtype.is_float else int(np.iinfo(dtype.numpy).max)


def _maxima(node: Node, x: Any) -> Any:
    pooled = _pooled(node, x, ops.max_pool, _lowest(dtype_of(x))) if dtype_of(x).is_float else None
    if pooled is not None:
        return pooled
    combine = ops.logical_or if dtype_of(x).kind == "b" else ops.maximum
    return _windowed(node, x, combine, _lowest(dtype_of(x)))


def _minima(node: Node, x: Any) -> Any:
    combine = ops.logical_and if dtype_of(x).kind == "b" else ops.minimum
    return _windowed(node, x, combine, _highest(dtype_of(x)))


def _sums(node: Node, x: Any) -> Any:
    if dtype_of(x).is_float and all(d == 1 for d in node["base_dilation"]):
        pooled = _pooled(node, x, ops.average_pool, 0.0)
        if pooled is not None:
            return ops.multiply(pooled, float(math.prod(node["window_dimensions"])))
    return _windowed(node, x, ops.add, 0)


def _pooled(node: Node, x: Any, op: Callable[..., Any], fill: Any) -> Any:
    """The pooling op for windows over the spatial axes of images; None for other windows."""
    window, strides, pads = node["window_dimensions"], node["window_strides"], node["padding"]
    if not 3 <= len(window) <= 5 or any(d != 1 for d in (*node["base_dilation"], *node["window_dilation"])):
        return None
    if all(n == 1 for n in (*window, *strides)) or any(isinstance(n, Dim) for n in x.shape[1:]):
        return None
    edge = [(window[a], strides[a], tuple(pads[a])) for a in (0, 1, len(window) - 1)]
    alone = [part == (1, 1, (0, 0)) for part in edge]
    if not alone[0] or not (alone[1] or alone[2]):
        return None
    layout = "channels_last" if alone[2] else "channels_first"
    space = slice(1, -1) if alone[2] else slice(2, None)
    same = [_windows.same_pads(n, k, s) for n, k, s in zip(x.shape, window, strides)]
    arguments = {"pool_size": window[space], "strides": strides[space], "data_format": layout}
    if op is ops.max_pool and [tuple(p) for p in pads[space]] == same[space] and any(p != (0, 0) for p in same):
        return op(x, padding="same", **arguments)
    wide = padded(x, number(fill, dtype_of(x)), [(*pair, 0) for pair in pads])
    return op(wide, padding="valid", **arguments)


def _windowed(node: Node, x: Any, combine: Callable[[Any, Any], Any], fill: Any) -> Any:
    """Any combination over any windows, one axis after another."""
    x = as_value(x)
    config = list(
        zip(
            node["window_dimensions"],
            node["window_strides"],
            node["padding"],
            node["base_dilation"],
            node["window_dilation"],
        )
    )
    x = padded(x, number(fill, dtype_of(x)), [(*pair, base - 1) for _, _, pair, base, _ in config])
    for axis, (size, stride, _, _, dilation) in enumerate(config):
        if size == 1 and stride == 1:
            continue
        parts = [_tap(x, axis, i * dilation, stride, node.shape[axis]) for i in range(size)]
        x = functools.reduce(combine, parts)
    return x


def _tap(x: Any, axis: int, offset: int, stride: int, count: Any) -> Any:
    """Element `offset` of each window along an axis."""
    head = (slice(None),) * axis
    return ops.getitem(x, (*head, slice(offset, offset + (count - 1) * stride + 1, stride if stride != 1 else None)))


def _any_reduction(node: Node, *operands: Any) -> Any:
    """A reduction over windows by a person's own function of one array."""
    if len(operands) != 2:
        raise PortError("reduce_window of several arrays at once cannot be ported.")
    x, start = operands
    fill = known(start)
    if fill is None:
        raise PortError("reduce_window that starts from a computed number cannot be ported.")
    combine = element_by_element(node, node["jaxpr"], node["consts"])
    return (_windowed(node, x, lambda a, b: combine(a, b)[0], fill.item()),)


def _taps(x: Any, node: Node, fill: Any) -> tuple[list[tuple[int, ...]], list[Any]]:
    """All elements of the windows, by their place in a window, in row order."""
    wide = padded(x, number(fill, dtype_of(x)), [(*pair, 0) for pair in node["padding"]])
    offsets = _windows.taps(node["window_dimensions"])
    sizes = [(n - k) // s + 1 for n, k, s in zip(wide.shape, node["window_dimensions"], node["window_strides"])]
    parts = []
    for place in offsets:
        part = wide
        for axis, (offset, stride, count) in enumerate(zip(place, node["window_strides"], sizes)):
            part = _tap(part, axis, offset, stride, count)
        parts.append(part)
    return offsets, parts


def _chosen(node: Node, parts: Sequence[Any]) -> list[Any]:
    """For each place in a window whether it is the one that is selected: the first of equal ones."""
    largest = str(node["select_prim"]).startswith("ge")
    stacked = ops.stack(parts, 0)
    which = (ops.argmax if largest else ops.argmin)(stacked, axis=0)
    return [ops.equal(which, i) for i in range(len(parts))]


def _scatter_selected(node: Node, source: Any, x: Any) -> Any:
    fill = _lowest(dtype_of(x)) if str(node["select_prim"]).startswith("ge") else _highest(dtype_of(x))
    offsets, parts = _taps(x, node, fill)
    total = None
    wide = [n + lo + hi for n, (lo, hi) in zip(x.shape, node["padding"])]
    zero = number(0, dtype_of(source))
    for place, here in zip(offsets, _chosen(node, parts)):
        share = ops.where(here, source, zero.value)
        config = [
            (offset, n - offset - ((count - 1) * stride + 1), stride - 1)
            for offset, n, count, stride in zip(place, wide, share.shape, node["window_strides"])
        ]
        share = padded(share, zero, config)
        total = share if total is None else ops.add(total, share)
    return padded(total, zero, [(-lo, -hi, 0) for lo, hi in node["padding"]])


def _gather_selected(node: Node, tangents: Any, x: Any) -> Any:
    if any(d != 1 for d in (*node["base_dilation"], *node["window_dilation"])):
        raise PortError("The forward gradient of a dilated pooling cannot be ported.")
    fill = _lowest(dtype_of(x)) if str(node["select_prim"]).startswith("ge") else _highest(dtype_of(x))
    _, parts = _taps(x, node, fill)
    _, moved = _taps(tangents, node, 0)
    shares = [ops.where(here, t, 0.0) for here, t in zip(_chosen(node, parts), moved)]
    return functools.reduce(ops.add, shares)


HANDLERS: dict[str, Handler] = {
    "reduce_window": _any_reduction,
    "reduce_window_max": _maxima,
    "reduce_window_min": _minima,
    "reduce_window_sum": _sums,
    "select_and_gather_add": _gather_selected,
    "select_and_scatter_add": _scatter_selected,
}
