"""Pooling over windows and over all of space."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from multiback import ops
from multiback.graph.dims import product
from multiback_onnx.importer.handlers.windows import Windows
from multiback_onnx.importer.node import Node, array, dtype_of
from multiback_onnx.importer.registry import handler


@handler("MaxPool")
def max_pool(node: Node, x: Any) -> Any:
    """The largest element of each window, and where it is in the flattened input."""
    x = array(x)
    windows = Windows(node, x.shape, node.attributes["kernel_shape"])
    dtype = dtype_of(x)
    lowest = float("-inf") if dtype.is_float else int(np.iinfo(dtype.numpy).min)
    padded = windows.pad(x, lowest)
    if node.wants(1):
        return _with_positions(node, x, padded, windows)
    if windows.dilated or len(windows.kernel) > 3:
        return functools.reduce(ops.maximum, windows.elements(padded))
    return ops.max_pool(padded, windows.kernel, windows.strides, data_format="channels_first")


def _with_positions(node: Node, x: Any, padded: Any, windows: Windows) -> tuple[Any, Any]:
    shape = tuple(x.shape)
    if not all(isinstance(n, int) for n in shape[2:]):
        raise node.refuse("the positions of maxima need the spatial sizes. Give the inputs fixed sizes.")
    space = shape[2:]
    order = np.arange(int(np.prod(space)), dtype=np.int64).reshape(space)
    if node.get("storage_order", 0):
        order = np.arange(order.size, dtype=np.int64).reshape(space[::-1]).transpose()
    widths = [(a, b + e) for (a, b), e in zip(windows.pads, windows.extra)]
    places = np.pad(order, widths)[None, None]
    candidates = np.stack([_part(places, windows, k) for k in range(int(np.prod(windows.kernel)))])
    stacked = ops.stack(windows.elements(padded), 0)
    chosen = ops.expand_dims(ops.argmax(stacked, 0), 0)
    largest = ops.squeeze(ops.take_along_axis(stacked, chosen, 0), 0)
    within = ops.squeeze(ops.take_along_axis(candidates, chosen, 0), 0)
    images = ops.reshape(ops.cast(ops.iota(shape[0] * shape[1]), "int64"), (shape[0], shape[1], *[1] * len(space)))
    return largest, ops.add(ops.multiply(images, int(np.prod(space))), within)


def _part(places: np.ndarray, windows: Windows, index: int) -> np.ndarray:
    at = np.unravel_index(index, windows.kernel)
    sizes = [(n - e) // s + 1 for n, e, s in zip(places.shape[2:], windows.extent, windows.strides)]
    cut: list[Any] = [slice(None), slice(None)]
    for k, d, s, n in zip(at, windows.dilations, windows.strides, sizes):
        cut.append(slice(int(k) * d, int(k) * d + (n - 1) * s + 1, s))
    return places[tuple(cut)]


@handler("AveragePool")
def average_pool(node: Node, x: Any) -> Any:
    """The mean of each window, with or without its padding."""
    x = array(x)
    windows = Windows(node, x.shape, node.attributes["kernel_shape"])
    count = int(np.prod(windows.kernel))
    if not windows.padded and not windows.dilated and len(windows.kernel) <= 3:
        return ops.average_pool(x, windows.kernel, windows.strides, data_format="channels_first")
    total = _window_sums(windows, windows.pad(x, 0))
    inside = ops.ones((1, 1, *x.shape[2:]), dtype_of(x))
    if node.get("count_include_pad", 0):
        widths = tuple(windows.pads)
        inside = ops.constant_pad(inside, ((0, 0), (0, 0), *widths), 1)
        inside = ops.constant_pad(inside, ((0, 0), (0, 0), *((0, e) for e in windows.extra)), 0)
        if not any(windows.extra):
            return ops.divide(total, count)
    else:
        inside = windows.pad(inside, 0)
    return ops.divide(total, _window_sums(windows, inside))


def _window_sums(windows: Windows, x: Any) -> Any:
    if windows.dilated or len(windows.kernel) > 3:
        return functools.reduce(ops.add, windows.elements(x))
    mean = ops.average_pool(x, windows.kernel, windows.strides, data_format="channels_first")
    return ops.multiply(mean, int(np.prod(windows.kernel)))


@handler("LpPool")
def lp_pool(node: Node, x: Any) -> Any:
    """(sum |x|^p)^(1/p) over each window."""
    x, p = array(x), node.get("p", 2)
    windows = Windows(node, x.shape, node.attributes["kernel_shape"])
    powers = ops.square(x) if p == 2 else ops.power(ops.abs(x), p)
    total = functools.reduce(ops.add, windows.elements(windows.pad(powers, 0)))
    return ops.sqrt(total) if p == 2 else ops.power(total, 1.0 / p)


def _space(x: Any) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


@handler("GlobalAveragePool")
def global_average_pool(node: Node, x: Any) -> Any:
    """The mean over space."""
    return ops.mean(array(x), _space(x), True)


@handler("GlobalMaxPool")
def global_max_pool(node: Node, x: Any) -> Any:
    """The largest element over space."""
    return ops.max(array(x), _space(x), True)


@handler("GlobalLpPool")
def global_lp_pool(node: Node, x: Any) -> Any:
    """(sum |x|^p)^(1/p) over space."""
    x, p = array(x), node.get("p", 2)
    return ops.power(ops.sum(ops.power(ops.abs(x), p), _space(x), True), 1.0 / p)


@handler("MaxUnpool")
def max_unpool(node: Node, x: Any, positions: Any, target: Any = None) -> Any:
    """Elements put back where they were the largest, zeros elsewhere."""
    x, positions = array(x), array(positions)
    kernel = node.attributes["kernel_shape"]
    space = len(kernel)
    strides = node.get("strides") or [1] * space
    pads = node.get("pads") or [0] * (2 * space)
    inferred = [
        (n - 1) * s + k - pads[i] - pads[i + space] for i, (n, s, k) in enumerate(zip(x.shape[2:], strides, kernel))
    ]
    shape = (*x.shape[:2], *inferred)
    flat = ops.zeros((product(shape),), dtype_of(x))
    filled = ops.scatter_rows(flat, ops.reshape(positions, (-1,)), ops.reshape(x, (-1,)), None)
    image = ops.reshape(filled, shape)
    if target is None:
        return image
    wanted = node.sizes(target, "output shape")
    widths = tuple((0, b - a) for a, b in zip(shape, wanted, strict=True))
    return ops.constant_pad(image, widths, 0)


@handler("MaxRoiPool")
def max_roi_pool(node: Node, x: Any, regions: Any) -> Any:
    """The largest elements in a grid over each region of interest."""
    x, regions = array(x), array(regions)
    if not all(isinstance(n, int) for n in x.shape[2:]):
        raise node.refuse("regions need the spatial sizes. Give the inputs fixed sizes.")
    rows, columns = node.attributes["pooled_shape"]
    scale = node.get("spatial_scale", 1.0)
    batch = ops.cast(regions[:, 0], "int64")
    corners = ops.round(ops.multiply(regions[:, 1:], scale))
    images = ops.take(x, batch, 0)
    result = images
    for axis, count in ((3, columns), (2, rows)):
        first, last = corners[:, 3 - axis], corners[:, 5 - axis]
        result = _bins(result, first, last, axis, count)
    return result


def _bins(x: Any, first: Any, last: Any, axis: int, count: int) -> Any:
    """The largest element in each of `count` parts from first to last along an axis, 0 for an empty part."""
    size = x.shape[axis]
    length = ops.divide(ops.maximum(ops.add(ops.subtract(last, first), 1.0), 1.0), count)
    steps = ops.cast(ops.iota(count), dtype_of(first))
    start = ops.floor(ops.multiply(ops.expand_dims(length, 1), steps))
    stop = ops.ceil(ops.multiply(ops.expand_dims(length, 1), ops.add(steps, 1.0)))
    start, stop = (ops.clip(ops.add(v, ops.expand_dims(first, 1)), 0.0, float(size)) for v in (start, stop))
    places = ops.cast(ops.iota(size), dtype_of(first))
    inside = ops.logical_and(
        ops.greater_equal(places, ops.expand_dims(start, 2)), ops.less(places, ops.expand_dims(stop, 2))
    )
    moved = ops.expand_dims(ops.moveaxis(x, axis, -1), -2)
    mask = ops.reshape(inside, (inside.shape[0], *[1] * (x.ndim - 2), count, size))
    largest = ops.max(ops.where(mask, moved, float("-inf")), -1)
    return ops.moveaxis(ops.where(ops.any(mask, -1), largest, 0.0), -1, axis)
