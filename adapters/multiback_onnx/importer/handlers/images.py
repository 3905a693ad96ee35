"""Images sampled at places that are computed: grids, regions of interest, deformable convolution."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from multiback import ops
from multiback.graph.dims import product
from multiback.porting import host_values
from multiback_onnx.importer.node import Node, array, dtype_of
from multiback_onnx.importer.registry import handler


def _number(size: Any, dtype: Any) -> Any:
    """A size as an operand."""
    return float(size) if isinstance(size, int) else ops.cast(array(host_values.host(size)), dtype)


def _picked(x: Any, index: list[Any]) -> Any:
    """Elements of x (batch, channels, *space) at whole coordinates (batch, *points), one array per axis."""
    space = tuple(x.shape[2:])
    flat: Any = None
    for i, size in zip(index, space):
        flat = i if flat is None else ops.add(ops.multiply(flat, array(host_values.host(size))), i)
    points = tuple(flat.shape[1:])
    rows = ops.reshape(x, (*x.shape[:2], product(space)))
    places = ops.reshape(flat, (flat.shape[0], 1, product(points)))
    return ops.reshape(ops.take_along_axis(rows, places, 2), (*x.shape[:2], *points))


def _at(x: Any, whole: list[Any], zeros: bool) -> Any:
    """Elements at whole coordinates, which are floats; outside 0 or the nearest element."""
    dtype = dtype_of(whole[0])
    limits = [_number(size, dtype) for size in x.shape[2:]]
    inside: Any = None
    index = []
    for place, limit in zip(whole, limits):
        within = ops.logical_and(ops.greater_equal(place, 0.0), ops.less(place, limit))
        inside = within if inside is None else ops.logical_and(inside, within)
        bounded = ops.minimum(
            ops.maximum(place, 0.0), ops.subtract(limit, 1.0) if not isinstance(limit, float) else limit - 1
        )
        index.append(ops.cast(bounded, "int64"))
    found = _picked(x, index)
    return ops.where(ops.expand_dims(inside, 1), found, 0.0) if zeros else found


def _reflected(x: Any, size: Any, dtype: Any, corners: bool) -> Any:
    """Coordinates mirrored into the image: about the centres of its outer elements, or about their edges."""
    n = _number(size, dtype)
    low, span = (0.0, n - 1.0) if corners else (-0.5, n)
    if isinstance(span, float) and span == 0.0:
        return ops.zeros_like(x)
    away = ops.abs(ops.subtract(x, low))
    turns = ops.floor(ops.divide(away, span))
    rest = ops.subtract(away, ops.multiply(turns, span))
    odd = ops.equal(ops.remainder(turns, 2.0), 1.0)
    mirrored = ops.add(ops.where(odd, ops.subtract(span, rest), rest), low)
    return ops.minimum(ops.maximum(mirrored, 0.0), n - 1.0)


def _bordered(x: Any, size: Any, dtype: Any) -> Any:
    return ops.minimum(ops.maximum(x, 0.0), _number(size, dtype) - 1.0)


_CUBIC = -0.75


def _cubic_weights(t: Any) -> list[Any]:
    """The weights of the four neighbours at distances 1 + t, t, 1 - t, 2 - t."""
    a = _CUBIC

    def far(d: Any) -> Any:
        return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a

    def near(d: Any) -> Any:
        return ((a + 2) * d - (a + 3)) * d * d + 1

    return [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]


def sampled(x: Any, places: list[Any], mode: str, padding: str, corners: bool) -> Any:
    """x (batch, channels, *space) at coordinates (batch, *points) in elements, one array per axis.

    Arguments:
        mode: "nearest", "linear" or "cubic".
        padding: "zeros", "border" or "reflection": what is outside.
        corners: Whether reflection is about the centres of the outer elements.
    """
    dtype = dtype_of(places[0])
    space = x.shape[2:]

    def bounded(coordinates: list[Any]) -> list[Any]:
        if padding == "border":
            return [_bordered(p, n, dtype) for p, n in zip(coordinates, space)]
        if padding == "reflection":
            return [_reflected(p, n, dtype, corners) for p, n in zip(coordinates, space)]
        return coordinates

    zeros = padding == "zeros"
    if mode == "nearest":
        return _at(x, [ops.round(p) for p in bounded(places)], zeros)
    if mode == "linear":
        places = bounded(places)
        floors = [ops.floor(p) for p in places]
        rests = [ops.subtract(p, f) for p, f in zip(places, floors)]
        weights = [[ops.subtract(1.0, r), r] for r in rests]
        offsets = range(2)
    else:
        floors = [ops.floor(p) for p in places]
        weights = [_cubic_weights(ops.subtract(p, f)) for p, f in zip(places, floors)]
        offsets = range(-1, 3)
    total: Any = None
    for corner in itertools.product(offsets, repeat=len(places)):
        at = [ops.add(f, float(c)) if c else f for f, c in zip(floors, corner)]
        weight: Any = None
        for w, c in zip(weights, corner):
            one = w[c - offsets[0]]
            weight = one if weight is None else ops.multiply(weight, one)
        part = ops.multiply(_at(x, bounded(at) if mode == "cubic" else at, zeros), ops.expand_dims(weight, 1))
        total = part if total is None else ops.add(total, part)
    return total


_MODES = {"bilinear": "linear", "bicubic": "cubic"}


@handler("GridSample", 16)
def grid_sample(node: Node, x: Any, grid: Any) -> Any:
    """x at coordinates from -1 to 1, given from the last axis to the first."""
    x, grid = array(x), array(grid)
    dtype = dtype_of(grid)
    corners = bool(node.get("align_corners", 0))
    mode = node.get("mode", "bilinear" if node.version < 20 else "linear")
    places = []
    count = x.ndim - 2
    for i in range(count):
        n = _number(x.shape[2 + i], dtype)
        g = grid[..., count - 1 - i]
        places.append((g + 1.0) * ((n - 1.0) / 2.0) if corners else ((g + 1.0) * n - 1.0) / 2.0)
    result = sampled(x, places, _MODES.get(mode, mode), node.get("padding_mode", "zeros"), corners)
    return ops.cast(result, dtype_of(x)) if dtype_of(result) != dtype_of(x) else result


@handler("RoiAlign", 10)
def roi_align_10(node: Node, x: Any, regions: Any, batch: Any) -> Any:
    """Regions of interest on a grid; corners are at the centres of elements."""
    return _roi_align(node, array(x), array(regions), array(batch), "output_half_pixel")


@handler("RoiAlign", 16)
def roi_align(node: Node, x: Any, regions: Any, batch: Any) -> Any:
    """Regions of interest on a grid, each point averaged over several."""
    mode = node.get("coordinate_transformation_mode", "half_pixel")
    return _roi_align(node, array(x), array(regions), array(batch), mode)


def _roi_align(node: Node, x: Any, regions: Any, batch: Any, transformation: str) -> Any:
    rows, columns = node.get("output_height", 1), node.get("output_width", 1)
    ratio = node.get("sampling_ratio", 0)
    half = transformation == "half_pixel"
    scaled = ops.subtract(ops.multiply(regions, node.get("spatial_scale", 1.0)), 0.5 if half else 0.0)
    left, top, right, bottom = (scaled[:, i] for i in range(4))
    sizes = []
    for first, last in ((top, bottom), (left, right)):
        size = ops.subtract(last, first)
        sizes.append(size if half else ops.maximum(size, 1.0))
    if not ratio:
        known = [
            np.asarray(node.known(s, "regions (its sampling_ratio is 0, so their sizes decide how many points)"))
            for s in sizes
        ]
        points = [np.ceil(k / n).astype(int) for k, n in zip(known, (rows, columns))]
        if any(len(set(p.tolist())) > 1 for p in points):
            raise node.refuse("regions of different sizes need a sampling_ratio.")
        counts = [int(p[0]) for p in points]
    else:
        counts = [ratio, ratio]
    places = []
    for first, size, bins, count in ((top, sizes[0], rows, counts[0]), (left, sizes[1], columns, counts[1])):
        steps = ((np.arange(bins * count) + 0.5) / (bins * count)).astype(dtype_of(x).numpy)
        places.append(ops.add(ops.expand_dims(first, 1), ops.multiply(ops.expand_dims(size, 1), steps)))
    images = ops.take(x, batch, 0)
    shape = (regions.shape[0], rows * counts[0], columns * counts[1])
    y = ops.broadcast_to(ops.expand_dims(places[0], 2), shape)
    z = ops.broadcast_to(ops.expand_dims(places[1], 1), shape)
    values, weights = _roi_corners(images, y, z)
    parts = [ops.multiply(v, ops.expand_dims(w, 1)) for v, w in zip(values, weights)]
    maximal = node.get("mode", "avg") == "max"
    folded = parts if maximal else [sum(parts[1:], parts[0])]
    grids = [ops.reshape(p, (*p.shape[:2], rows, counts[0], columns, counts[1])) for p in folded]
    if maximal:
        return ops.max(ops.stack(grids, -1), (3, 5, 6))
    return ops.mean(grids[0], (3, 5))


def _roi_corners(x: Any, y: Any, z: Any) -> tuple[list[Any], list[Any]]:
    """The four neighbours of each point and their weights; 0 beyond one element outside, clamped within."""
    dtype = dtype_of(y)
    limits = [_number(n, dtype) for n in x.shape[2:]]
    inside: Any = None
    lows, rests = [], []
    for place, n in zip((y, z), limits):
        within = ops.logical_and(ops.greater_equal(place, -1.0), ops.less_equal(place, n))
        inside = within if inside is None else ops.logical_and(inside, within)
        bounded = ops.minimum(ops.maximum(place, 0.0), n - 1.0)
        low = ops.floor(bounded)
        lows.append(low)
        rests.append(ops.subtract(bounded, low))
    values, weights = [], []
    for a, b in itertools.product((0, 1), repeat=2):
        at = [ops.add(low, float(c)) for low, c in zip(lows, (a, b))]
        values.append(_at(x, at, False))
        weight = ops.multiply(rests[0] if a else 1.0 - rests[0], rests[1] if b else 1.0 - rests[1])
        weights.append(ops.where(inside, weight, 0.0))
    return values, weights


@handler("DeformConv", 19)
def deform_conv(node: Node, x: Any, kernel: Any, offset: Any, bias: Any = None, mask: Any = None) -> Any:
    """A convolution whose elements are taken at places moved by offsets."""
    x, kernel, offset = array(x), array(kernel), array(offset)
    space = x.ndim - 2
    groups, shared = node.get("group", 1), node.get("offset_group", 1)
    sizes = tuple(kernel.shape[2:])
    strides = node.get("strides") or [1] * space
    rates = node.get("dilations") or [1] * space
    pads = node.get("pads") or [0] * (2 * space)
    outs = tuple(offset.shape[2:])
    count = int(np.prod(sizes))
    batch, channels = x.shape[:2]
    moves = ops.reshape(offset, (batch, shared, count, space, *outs))
    masks = None if mask is None else ops.reshape(array(mask), (batch, shared, count, *outs))
    each = channels // shared
    columns = []
    for k, place in enumerate(itertools.product(*map(range, sizes))):
        parts = []
        for g in range(shared):
            places = []
            for axis in range(space):
                base = np.arange(outs[axis]) * strides[axis] - pads[axis] + place[axis] * rates[axis]
                shape = [1] * space
                shape[axis] = outs[axis]
                start = base.reshape(shape).astype(dtype_of(x).numpy)
                places.append(ops.add(moves[:, g, k, axis], start))
            part = sampled(x[:, g * each : (g + 1) * each], places, "linear", "zeros", False)
            parts.append(part if masks is None else ops.multiply(part, ops.expand_dims(masks[:, g, k], 1)))
        columns.append(parts[0] if shared == 1 else ops.concat(parts, 1))
    stacked = ops.reshape(ops.stack(columns, 2), (batch, groups, channels // groups * count, *outs))
    filters = kernel.shape[0]
    weights = ops.reshape(kernel, (groups, filters // groups, channels // groups * count))
    letters = "xyz"[:space]
    result = ops.einsum(f"bgc{letters},gfc->bgf{letters}", stacked, weights)
    result = ops.reshape(result, (batch, filters, *outs))
    return result if bias is None else ops.add(result, ops.reshape(array(bias), (-1, *[1] * space)))
