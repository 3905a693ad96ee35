"""Resizing, one axis after the other: each output is a weighted sum of a few inputs, found when the graph is built."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from multiback import ops
from multiback_onnx.importer.node import Node, array, axis_index, dtype_of
from multiback_onnx.importer.registry import handler


def _coordinate(mode: str, i: Any, size: int, out: int, scale: float, roi: tuple[float, float]) -> Any:
    """Where outputs i lie among the inputs of an axis."""
    length = scale * size
    if mode == "half_pixel" or (mode == "pytorch_half_pixel" and length > 1):
        return (i + 0.5) / scale - 0.5
    if mode == "half_pixel_symmetric":
        shift = size / 2 * (1 - out / length)
        return shift + (i + 0.5) / scale - 0.5
    if mode == "align_corners":
        return np.zeros_like(i) if length == 1 else i * (size - 1) / (length - 1)
    if mode == "asymmetric":
        return i / scale
    if mode == "tf_crop_and_resize":
        first, last = roi
        if out == 1:
            return np.full_like(i, (last - first) * (size - 1) / 2)
        return first * (size - 1) + i * (last - first) * (size - 1) / (length - 1)
    return np.zeros_like(i)


def _nearest(x: Any, mode: str) -> Any:
    return {
        "round_prefer_floor": lambda: np.ceil(x - 0.5),
        "round_prefer_ceil": lambda: np.floor(x + 0.5),
        "floor": lambda: np.floor(x),
        "ceil": lambda: np.ceil(x),
    }[mode]()


def _linear_kernel(distance: Any) -> Any:
    return np.clip(1 - np.abs(distance), 0, 1)


def _cubic_kernel(a: float) -> Any:
    def kernel(distance: Any) -> Any:
        d = np.abs(distance)
        near = (a + 2) * d**3 - (a + 3) * d**2 + 1
        far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
        return np.where(d <= 1, near, np.where(d < 2, far, 0.0))

    return kernel


def _taps(node: Node, x: Any, size: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """For each output the indices of its inputs and their weights, both of shape (outputs, taps)."""
    mode = node.get("mode", "nearest")
    if mode == "nearest":
        index = _nearest(x, node.get("nearest_mode", "round_prefer_floor"))
        return np.clip(index, 0, size - 1).astype(np.int64)[:, None], np.ones((len(x), 1))
    radius, kernel = (1, _linear_kernel) if mode == "linear" else (2, _cubic_kernel(node.get("cubic_coeff_a", -0.75)))
    squeeze = min(scale, 1.0) if node.get("antialias", 0) else 1.0
    start = math.floor(-radius / squeeze) + 1
    base = np.floor(x)
    index = base[:, None] + np.arange(start, 2 - start)
    weights = kernel((index - x[:, None]) * squeeze)
    if node.get("exclude_outside", 0):
        weights = np.where((index >= 0) & (index < size), weights, 0.0)
    if node.get("antialias", 0) or node.get("exclude_outside", 0):
        weights = weights / weights.sum(1, keepdims=True)
    return np.clip(index, 0, size - 1).astype(np.int64), weights


def _along(node: Node, x: Any, axis: int, out: int, scale: float, roi: tuple[float, float]) -> tuple[Any, Any]:
    """x resized along one axis, and which outputs lie outside (None: none can)."""
    size = x.shape[axis]
    mode = node.get("coordinate_transformation_mode", "half_pixel")
    places = _coordinate(mode, np.arange(out, dtype=np.float64), size, out, scale, roi)
    outside = (places < 0) | (places > size - 1) if mode == "tf_crop_and_resize" else None
    index, weights = _taps(node, places, size, scale)
    if weights.shape[1] == 1:
        return ops.take(x, index[:, 0], axis), outside
    shape = [1] * x.ndim
    shape[axis] = out
    total: Any = None
    for k in range(weights.shape[1]):
        if not np.any(weights[:, k]):
            continue
        column = weights[:, k].reshape(shape).astype(dtype_of(x).numpy)
        part = ops.multiply(ops.take(x, index[:, k], axis), column)
        total = part if total is None else ops.add(total, part)
    return total, outside


def _resized(node: Node, x: Any, axes: Any, outs: Any, scales: Any, roi: Any) -> Any:
    dtype = dtype_of(x)
    mode = node.get("mode", "nearest")
    wide = x if dtype.is_float or mode == "nearest" else ops.cast(x, "float32")
    beyond: Any = None
    crops = node.get("coordinate_transformation_mode") == "tf_crop_and_resize"
    for i, axis in enumerate(axes):
        if outs[i] == x.shape[axis] and scales[i] == 1.0 and not crops:
            continue
        if not isinstance(x.shape[axis], int):
            raise node.refuse(f"axis {axis} has a size that is not known. Give the inputs fixed sizes.")
        wide, outside = _along(node, wide, axis, outs[i], scales[i], roi[i] if roi else (0.0, 1.0))
        if outside is not None and outside.any():
            shape = [1] * x.ndim
            shape[axis] = len(outside)
            outside = outside.reshape(shape)
            beyond = outside if beyond is None else beyond | outside
    if beyond is not None:
        wide = ops.where(beyond, float(node.get("extrapolation_value", 0.0)), wide)
    if dtype_of(wide) == dtype:
        return wide
    return ops.saturate_cast(ops.round(wide), dtype) if dtype.kind in "iu" else ops.cast(wide, dtype)


@handler("Upsample", 7)
def upsample_by_attribute(node: Node, x: Any) -> Any:
    """Larger by factors given as an attribute."""
    return _upsampled(node, x, [float(s) for s in node.attributes["scales"]])


@handler("Upsample", 9, constants=(1,))
def upsample(node: Node, x: Any, scales: Any) -> Any:
    """Larger by factors."""
    return _upsampled(node, x, [float(s) for s in node.known(scales, "scales")])


def _upsampled(node: Node, x: Any, scales: list[float]) -> Any:
    x = array(x)
    mode = "linear" if node.get("mode", "nearest") in ("linear", "bilinear", "trilinear") else "nearest"
    attributes = {"mode": mode, "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    inner = Node(**{**node.__dict__, "attributes": attributes})
    return _scaled(inner, x, list(range(x.ndim)), scales, None)


@handler("Resize", 10, constants=(1,))
def resize_by_scales(node: Node, x: Any, scales: Any) -> Any:
    """Resized by factors, as `Upsample` does."""
    return _upsampled(node, x, [float(s) for s in node.known(scales, "scales")])


@handler("Resize", 11, constants=(1, 2))
def resize(node: Node, x: Any, roi: Any = None, scales: Any = None, sizes: Any = None) -> Any:
    """Resized by factors, or to sizes."""
    x = array(x)
    axes = [axis_index(a, x.ndim) for a in node.get("axes") or range(x.ndim)]
    regions = None
    if roi is not None and node.get("coordinate_transformation_mode") == "tf_crop_and_resize":
        flat = node.known(roi, "regions").astype(np.float64)
        regions = [(float(flat[i]), float(flat[i + len(axes)])) for i in range(len(axes))]
    if scales is not None and node.known(scales, "scales").size:
        return _scaled(node, x, axes, [float(s) for s in node.known(scales, "scales")], regions)
    wanted = list(node.sizes(sizes, "sizes"))
    inputs = [x.shape[a] for a in axes]
    factors = []
    for n, m in zip(inputs, wanted, strict=True):
        if n != m and not (isinstance(n, int) and isinstance(m, int)):
            raise node.refuse("sizes that are not known cannot be resized. Give the inputs fixed sizes.")
        factors.append(1.0 if n == m else m / n)
    policy = node.get("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        factor = min(factors) if policy == "not_larger" else max(factors)
        factors = [factor] * len(factors)
        wanted = [math.floor(factor * n + 0.5) for n in inputs]
    return _resized(node, x, axes, wanted, factors, regions)


def _scaled(node: Node, x: Any, axes: Any, scales: list[float], regions: Any) -> Any:
    outs = [x.shape[a] if s == 1.0 else _floor(node, x.shape[a], s) for a, s in zip(axes, scales, strict=True)]
    nearest = node.get("mode", "nearest") == "nearest"
    simple = node.get("coordinate_transformation_mode", "half_pixel") in ("asymmetric", "half_pixel")
    if nearest and simple and all(s == int(s) and s >= 1 for s in scales) and _repeats(node):
        for axis, scale in zip(axes, scales):
            x = ops.repeat(x, int(scale), axis) if scale != 1 else x
        return x
    return _resized(node, x, axes, outs, scales, regions)


def _repeats(node: Node) -> bool:
    """Whether enlarging by whole numbers repeats every element, whatever the rounding."""
    mode = node.get("coordinate_transformation_mode", "half_pixel")
    rounding = node.get("nearest_mode", "round_prefer_floor")
    return rounding == "floor" if mode == "asymmetric" else rounding.startswith("round")


def _floor(node: Node, size: Any, scale: float) -> Any:
    if not isinstance(size, int):
        return size * int(scale) if scale == int(scale) else node.refuse("its sizes must be known to be scaled.")
    return math.floor(size * scale)
