"""Arrays made from sizes and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import ops
from multiback.graph.dims import Dim
from multiback.porting import host_values
from multiback_onnx.importer.files import dtype_of as element_type
from multiback_onnx.importer.node import Node, array, dtype_of
from multiback_onnx.importer.registry import handler


@handler("ConstantOfShape")
def constant_of_shape(node: Node, shape: Any) -> Any:
    """One number in a shape."""
    sizes = node.sizes(shape, "shape")
    value = node.get("value")
    value = np.zeros((), np.float32) if value is None else np.reshape(value, ())
    if not any(isinstance(n, Dim) for n in sizes):
        folded = node.fold("full", np.asarray(sizes, np.int64), value)
        if folded is not None:
            return folded
    return ops.full(sizes, value.item(), dtype_of(value))


@handler("Range", constants=(0, 1, 2))
def range_(node: Node, start: Any, limit: Any, delta: Any) -> Any:
    """Numbers at equal distances, up to but not including the limit."""
    parts = [node.known(x, what) for x, what in ((start, "start"), (limit, "limit"), (delta, "distance"))]
    folded = host_values.fold("range", *parts)
    if folded is not None:
        return folded
    first, last, step = (host_values.as_size(p) for p in parts)
    if not isinstance(step, int) or step <= 0:
        raise node.refuse("a range to a size that is not known needs a positive distance that is.")
    count = (last - first + step - 1) // step
    return ops.add(ops.multiply(ops.cast(ops.iota(count), "int64"), step), host_values.lift(host_values.host(first)))


@handler("OneHot", constants=(1, 2))
def one_hot(node: Node, indices: Any, depth: Any, values: Any) -> Any:
    """Class numbers as vectors of an off and an on value; negative numbers count from the end."""
    count = node.integers(np.reshape(node.known(depth, "depth"), (-1,)).astype(np.int64), "depth")[0]
    indices = array(indices)
    if not dtype_of(indices).is_integer:
        indices = ops.cast(indices, "int64")
    axis = node.get("axis", -1)
    axis = axis + indices.ndim + 1 if axis < 0 else axis
    wrapped = ops.where(ops.less(indices, 0), ops.add(indices, count), indices)
    hot = ops.one_hot(wrapped, count, axis=axis, dtype="bool")
    values = array(values)
    return ops.where(hot, values[1], values[0])


@handler("EyeLike")
def eye_like(node: Node, x: Any) -> Any:
    """Ones on a diagonal, in the shape of a matrix."""
    dtype = element_type(node.get("dtype")) if node.get("dtype") else dtype_of(x)
    return ops.eye(*x.shape, k=node.get("k", 0), dtype=dtype)
