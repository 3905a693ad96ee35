"""Images: resizing, blocks of pixels, colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import ArgumentError
from multiback.graph.dims import product
from multiback.porting.host_values import as_sizes, host
from multiback_tensorflow.importer.tables.shaping import axes_of

Handler = Callable[..., Any]


def _scale(size: int, wanted: int, align_corners: bool) -> np.floating:
    """Pixels of the image per pixel of the result, in float32 as TensorFlow has it."""
    if align_corners and wanted > 1:
        return np.float32(size - 1) / np.float32(wanted - 1)
    return np.float32(size) / np.float32(wanted)


def _known(x: Any, size: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    have, want = x.shape[1:3], axes_of(size, "the size of a resized image")
    if not all(isinstance(n, int) for n in have):
        raise ArgumentError(f"images to resize must have a known size, got {have}.")
    return have, want


def _nearest(x: Any, size: Any, align_corners: bool, half_pixel_centers: bool, **_: Any) -> Any:
    have, want = _known(x, size)
    for axis, n, m in zip((1, 2), have, want):
        scale = _scale(n, m, align_corners)
        places = np.arange(m, dtype=np.float32)
        if half_pixel_centers:
            index = np.floor((places + np.float32(0.5)) * scale)
        else:
            index = places * scale
            index = np.floor(index + np.float32(0.5)) if align_corners else np.floor(index)
        x = ops.take(x, np.clip(index, 0, n - 1).astype(np.int32), axis)
    return x


def _bilinear(x: Any, size: Any, align_corners: bool, half_pixel_centers: bool, **_: Any) -> Any:
    have, want = _known(x, size)
    x = ops.cast(x, "float32") if x.dtype.is_integer or x.dtype.bits < 32 else x
    # Rows first: interpolating rows and columns commutes up to rounding.
    for axis, n, m in zip((2, 1), have[::-1], want[::-1]):
        x = _interpolated(x, axis, *_linear_weights(n, m, align_corners, half_pixel_centers))
    return ops.cast(x, "float32")


def _linear_weights(n: int, m: int, align_corners: bool, half_pixel: bool) -> tuple[Any, Any]:
    scale = _scale(n, m, align_corners)
    places = np.arange(m, dtype=np.float32)
    at = (places + np.float32(0.5)) * scale - np.float32(0.5) if half_pixel else places * scale
    low = np.floor(at)
    share = (at - low).astype(np.float32)
    lower = np.clip(low, 0, n - 1).astype(np.int32)
    upper = np.clip(np.ceil(at), 0, n - 1).astype(np.int32)
    return np.stack([lower, upper]), np.stack([1 - share, share])


def _interpolated(x: Any, axis: int, places: np.ndarray, weights: np.ndarray) -> Any:
    """The weighted sum of elements along an axis."""
    shape = tuple(-1 if a == axis else 1 for a in range(x.ndim))
    total = None
    for index, weight in zip(places, weights):
        part = ops.take(x, index, axis) * weight.reshape(shape)
        total = part if total is None else total + part
    return total


def _cubic(x: Any, size: Any, align_corners: bool, half_pixel_centers: bool, **_: Any) -> Any:
    have, want = _known(x, size)
    x = ops.cast(x, "float32") if x.dtype.is_integer or x.dtype.bits < 32 else x
    for axis, n, m in zip((2, 1), have[::-1], want[::-1]):
        x = _interpolated(x, axis, *_cubic_weights(n, m, align_corners, half_pixel_centers))
    return ops.cast(x, "float32")


_TABLE = 1024
"""TensorFlow looks the cubic kernel up in a table of this many steps."""


def _cubic_weights(n: int, m: int, align_corners: bool, half_pixel: bool) -> tuple[Any, Any]:
    a = -0.5 if half_pixel else -0.75
    scale = _scale(n, m, align_corners)
    places = np.arange(m, dtype=np.float32)
    at = (places + np.float32(0.5)) * scale - np.float32(0.5) if half_pixel else places * scale
    low = np.floor(at)
    step = np.rint((at - low) * _TABLE).astype(np.float64) / _TABLE
    near = [((a + 2) * t - (a + 3)) * t * t + 1 for t in (step, 1 - step)]
    far = [((a * t - 5 * a) * t + 8 * a) * t - 4 * a for t in (step + 1, 2 - step)]
    weights = np.stack([far[0], near[0], near[1], far[1]]).astype(np.float32)
    index = low.astype(np.int64) + np.arange(-1, 3)[:, None]
    if half_pixel:
        # Outside the image nothing counts, and the weights of the rest are made to add up to one.
        weights = np.where((index >= 0) & (index < n), weights, 0).astype(np.float32)
        total = weights.sum(0)
        weights = np.where(np.abs(total) >= 1000 * np.finfo(np.float32).tiny, weights / total, weights)
    return np.clip(index, 0, n - 1).astype(np.int32), weights.astype(np.float32)


def _space_to_depth(x: Any, block_size: int, data_format: str = "NHWC", **_: Any) -> Any:
    b = block_size
    if data_format == "NHWC":
        n, h, w, c = x.shape
        x = ops.reshape(x, (n, h // b, b, w // b, b, c))
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (n, h // b, w // b, b * b * c))
    n, c, h, w = x.shape
    x = ops.reshape(x, (n, c, h // b, b, w // b, b))
    return ops.reshape(ops.transpose(x, (0, 3, 5, 1, 2, 4)), (n, b * b * c, h // b, w // b))


def _depth_to_space(x: Any, block_size: int, data_format: str = "NHWC", **_: Any) -> Any:
    b = block_size
    if data_format == "NHWC":
        n, h, w, c = x.shape
        x = ops.reshape(x, (n, h, w, b, b, c // (b * b)))
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (n, h * b, w * b, c // (b * b)))
    n, c, h, w = x.shape
    x = ops.reshape(x, (n, b, b, c // (b * b), h, w))
    return ops.reshape(ops.transpose(x, (0, 3, 4, 1, 5, 2)), (n, c // (b * b), h * b, w * b))


def _space_to_batch(x: Any, blocks: Any, widths: Any, **_: Any) -> Any:
    sizes = axes_of(blocks, "the blocks of SpaceToBatchND")
    count = len(sizes)
    flat = as_sizes(np.reshape(host(widths), -1), "the paddings of SpaceToBatchND")
    pairs = tuple(zip(flat[::2], flat[1::2]))
    if any(p != (0, 0) for p in pairs):
        x = ops.constant_pad(x, ((0, 0), *pairs, *[(0, 0)] * (x.ndim - 1 - count)), 0)
    batch, space, rest = x.shape[0], x.shape[1 : 1 + count], x.shape[1 + count :]
    small = [n // b for n, b in zip(space, sizes)]
    split = ops.reshape(x, (batch, *(part for n, b in zip(small, sizes) for part in (n, b)), *rest))
    order = [2 * i + 2 for i in range(count)] + [0] + [2 * i + 1 for i in range(count)]
    order += range(2 * count + 1, split.ndim)
    return ops.reshape(ops.transpose(split, order), (batch * product(sizes), *small, *rest))


def _batch_to_space(x: Any, blocks: Any, crops: Any, **_: Any) -> Any:
    sizes = axes_of(blocks, "the blocks of BatchToSpaceND")
    count = len(sizes)
    flat = as_sizes(np.reshape(host(crops), -1), "the crops of BatchToSpaceND")
    batch, space, rest = x.shape[0], x.shape[1 : 1 + count], x.shape[1 + count :]
    outer = batch // product(sizes)
    split = ops.reshape(x, (*sizes, outer, *space, *rest))
    order = [count] + [part for i in range(count) for part in (count + 1 + i, i)]
    order += range(2 * count + 1, split.ndim)
    whole = [n * b for n, b in zip(space, sizes)]
    y = ops.reshape(ops.transpose(split, order), (outer, *whole, *rest))
    key = [slice(None)]
    for size, low, high in zip(whole, flat[::2], flat[1::2]):
        key.append(slice(None) if (low, high) == (0, 0) else slice(low, size - high))
    return y if all(k == slice(None) for k in key) else y[tuple(key)]


def _old_blocks(function: Handler) -> Handler:
    def handler(x: Any, widths: Any, block_size: int, **_: Any) -> Any:
        return function(x, np.asarray([block_size] * 2), widths)

    return handler


def _adjust_contrast(x: Any, factor: Any, **_: Any) -> Any:
    mean = ops.mean(x, axis=(-3, -2), keepdims=True)
    return (x - mean) * factor + mean


def _rgb_to_hsv(x: Any, **_: Any) -> Any:
    red, green, blue = (x[..., i] for i in range(3))
    value = ops.maximum(ops.maximum(red, green), blue)
    span = value - ops.minimum(ops.minimum(red, green), blue)
    positive = span > 0
    norm = 1.0 / (6.0 * ops.where(positive, span, 1.0))
    saturation = ops.where(value > 0, span / ops.where(value > 0, value, 1.0), 0.0)
    hue = ops.where(
        ops.equal(red, value),
        norm * (green - blue),
        ops.where(ops.equal(green, value), norm * (blue - red) + 2.0 / 6.0, norm * (red - green) + 4.0 / 6.0),
    )
    hue = ops.where(positive, hue, 0.0)
    return ops.stack([ops.where(hue < 0, hue + 1.0, hue), saturation, value], -1)


def _hsv_to_rgb(x: Any, **_: Any) -> Any:
    hue, saturation, value = (x[..., i] for i in range(3))
    sixth = hue * 6.0
    shares = (ops.abs(sixth - 3.0) - 1.0, 2.0 - ops.abs(sixth - 2.0), 2.0 - ops.abs(sixth - 4.0))
    parts = [((1.0 - saturation) + saturation * ops.clip(s, 0.0, 1.0)) * value for s in shares]
    return ops.stack(parts, -1)


HANDLERS: dict[str, Handler] = {
    "AdjustContrastv2": _adjust_contrast,
    "BatchToSpace": _old_blocks(_batch_to_space),
    "BatchToSpaceND": _batch_to_space,
    "DepthToSpace": _depth_to_space,
    "HSVToRGB": _hsv_to_rgb,
    "RGBToHSV": _rgb_to_hsv,
    "ResizeBicubic": _cubic,
    "ResizeBilinear": _bilinear,
    "ResizeNearestNeighbor": _nearest,
    "SpaceToBatch": _old_blocks(_space_to_batch),
    "SpaceToBatchND": _space_to_batch,
    "SpaceToDepth": _space_to_depth,
}

STATIC: dict[str, tuple[int, ...]] = {
    "BatchToSpace": (1,),
    "BatchToSpaceND": (1, 2),
    "ResizeBicubic": (1,),
    "ResizeBilinear": (1,),
    "ResizeNearestNeighbor": (1,),
    "SpaceToBatch": (1,),
    "SpaceToBatchND": (1, 2),
}
