"""Elements chosen or written by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import ops
from multiback.graph.dims import Size, product
from multiback.porting import host_values
from multiback_onnx.importer.node import Node, array, axis_index, dtype_of
from multiback_onnx.importer.registry import handler

_REDUCTIONS = {"none": None, "add": "add", "mul": "mul", "max": "max", "min": "min"}


@handler("Gather")
def gather(node: Node, x: Any, indices: Any) -> Any:
    """Elements along an axis, which the axes of the indices replace."""
    axis = axis_index(node.get("axis", 0), x.ndim)
    folded = node.fold("gather", x, indices, axis=axis)
    return ops.take(array(x), array(indices), axis) if folded is None else folded


def _cropped(x: Any, shape: tuple[Size, ...], axis: int) -> Any:
    """x cut to the sizes of the indices along all axes but one."""
    index = tuple(slice(0, size) if i != axis and size != x.shape[i] else slice(None) for i, size in enumerate(shape))
    return x[index] if any(item != slice(None) for item in index) else x


@handler("GatherElements")
def gather_elements(node: Node, x: Any, indices: Any) -> Any:
    """Elements along an axis, chosen separately at every place of the others."""
    x, indices = array(x), array(indices)
    axis = axis_index(node.get("axis", 0), x.ndim)
    return ops.take_along_axis(_cropped(x, tuple(indices.shape), axis), indices, axis)


@handler("GatherND")
def gather_nd(node: Node, x: Any, indices: Any) -> Any:
    """Parts of x at coordinates."""
    x, indices = array(x), array(indices)
    batch, depth = node.get("batch_dims", 0), indices.shape[-1]
    heads, rest = tuple(x.shape[:batch]), tuple(x.shape[batch + depth :])
    sizes = tuple(x.shape[batch : batch + depth])
    flat = ops.reshape(x, (product(heads) * product(sizes), *rest))
    places = _flat_places(indices, sizes)
    if batch:
        count = product(heads)
        starts = ops.multiply(ops.cast(ops.iota(count), "int64"), array(host_values.host(product(sizes))))
        shape = (*heads, *[1] * (places.ndim - batch))
        places = ops.add(places, ops.reshape(starts, shape))
    return ops.take(flat, places, 0)


def _flat_places(indices: Any, sizes: tuple[Size, ...]) -> Any:
    """Coordinates in the last axis as one index into the flattened axes; negative ones count from the end."""
    extent = array(host_values.sizes(sizes))
    strides = array(host_values.sizes(tuple(product(sizes[i + 1 :]) for i in range(len(sizes)))))
    indices = ops.cast(indices, "int64") if dtype_of(indices) != "int64" else indices
    wrapped = ops.where(ops.less(indices, 0), ops.add(indices, extent), indices)
    return ops.sum(ops.multiply(wrapped, strides), -1)


@handler("ScatterElements")
def scatter_elements(node: Node, x: Any, indices: Any, updates: Any) -> Any:
    """Elements written along an axis, at separately chosen places."""
    x, indices, updates = array(x), array(indices), array(updates)
    axis = axis_index(node.get("axis", 0), x.ndim)
    shape = tuple(indices.shape)
    parts = []
    for i, size in enumerate(shape):
        if i == axis:
            parts.append(ops.cast(indices, "int64"))
        else:
            along = ops.reshape(ops.cast(ops.iota(size), "int64"), tuple(size if k == i else 1 for k in range(x.ndim)))
            parts.append(ops.broadcast_to(along, shape))
    places = ops.reshape(_flat_places(ops.stack(parts, -1), tuple(x.shape)), (-1,))
    flat = ops.reshape(x, (-1,))
    reduction = _REDUCTIONS[node.get("reduction", "none")]
    return ops.reshape(ops.scatter_rows(flat, places, ops.reshape(updates, (-1,)), reduction), tuple(x.shape))


handler("Scatter")(scatter_elements)


@handler("ScatterND")
def scatter_nd(node: Node, x: Any, indices: Any, updates: Any) -> Any:
    """Parts written at coordinates."""
    x, indices, updates = array(x), array(indices), array(updates)
    return ops.scatter_update(x, indices, updates, _REDUCTIONS[node.get("reduction", "none")])


@handler("TensorScatter")
def tensor_scatter(node: Node, cache: Any, update: Any, starts: Any = None) -> Any:
    """A cache with new steps written from a start per batch element on, around the end if it is circular."""
    cache, update = array(cache), array(update)
    axis = axis_index(node.get("axis", -2), cache.ndim)
    batch, steps, size = cache.shape[0], update.shape[axis], cache.shape[axis]
    first = ops.zeros((batch,), "int64") if starts is None else array(starts)
    places = ops.add(ops.expand_dims(first, 1), ops.cast(ops.iota(steps), "int64"))
    if node.get("mode", "linear") == "circular":
        places = ops.remainder(places, array(host_values.host(size)))
    shape = tuple(batch if i == 0 else steps if i == axis else 1 for i in range(cache.ndim))
    index = ops.broadcast_to(ops.reshape(places, shape), tuple(update.shape))
    return scatter_elements(_with(node, axis=axis, reduction="none"), cache, index, update)


def _with(node: Node, **attributes: Any) -> Node:
    return Node(**{**node.__dict__, "attributes": attributes})


@handler("Compress")
def compress(node: Node, x: Any, condition: Any) -> Any:
    """The elements along an axis where a condition holds that is known while the graph is built."""
    chosen = np.flatnonzero(node.known(condition, "condition"))
    if node.get("axis") is None:
        return ops.take(ops.reshape(array(x), (-1,)), chosen.astype(np.int64), 0)
    axis = axis_index(node.get("axis"), x.ndim)
    return ops.take(array(x), chosen[chosen < x.shape[axis]].astype(np.int64), axis)


_BY_DATA = "the shape of its result depends on data, which a graph cannot express"


@handler("NonZero")
def nonzero(node: Node, x: Any) -> Any:
    """The positions of elements that are not zero; only of constants."""
    if not host_values.is_host(x) or host_values.is_symbolic(x):
        raise node.refuse(_BY_DATA)
    return np.stack(np.nonzero(x)).astype(np.int64) if x.ndim else np.zeros((0, int(bool(x))), np.int64)


@handler("Unique")
def unique(node: Node, x: Any) -> Any:
    """The distinct elements; only of constants."""
    if not host_values.is_host(x) or host_values.is_symbolic(x):
        raise node.refuse(_BY_DATA)
    axis = node.get("axis")
    values, first, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True, axis=axis)
    inverse = np.reshape(inverse, -1)
    if not node.get("sorted", 1):
        order = np.argsort(first)
        values = np.take(values, order, 0 if axis is None else axis)
        rank = np.argsort(order)
        first, inverse, counts = first[order], rank[inverse], counts[order]
    return values, first.astype(np.int64), inverse.astype(np.int64), counts.astype(np.int64)


@handler("NonMaxSuppression")
def non_max_suppression(node: Node, *operands: Any) -> Any:
    """Refused: how many boxes are kept depends on data."""
    raise node.refuse(_BY_DATA)
