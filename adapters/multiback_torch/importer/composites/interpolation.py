"""Images resized and resampled."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import UnsupportedModel
from multiback.graph.dims import Dim
from multiback_torch.importer.composites._windows import constant

Filter = Callable[[np.ndarray], np.ndarray]


def _sizes(x: Any, size: Any, scales: Any, n: int) -> tuple[list[int], list[int], list[float | None]]:
    """The sizes before and after, and the scales that torch was given (None: the ratio of the sizes)."""
    before = list(x.shape[-n:])
    if any(isinstance(m, Dim) for m in before):
        raise UnsupportedModel("Images of a size that is not fixed cannot be resized; only their batch may vary.")
    given = [None] * n if scales is None else list(scales)
    after = [math.floor(m * s) for m, s in zip(before, given)] if size is None else [int(m) for m in size]  # type: ignore[operator]
    return before, after, given


def _step(before: int, after: int, scale: float | None) -> float:
    return 1 / scale if scale is not None and scale > 0 else before / after


def _nearest(n: int, exact: bool) -> Callable[..., Any]:
    def handler(x: Any, size: Any, *scales: Any) -> Any:
        given = _given_scales(scales, n)
        before, after, given = _sizes(x, size, given, n)
        if not exact and all(b % a == 0 for a, b in zip(before, after)) and not _odd(before, after, given):
            for axis, (a, b) in enumerate(zip(before, after), x.ndim - n):
                x = x if a == b else ops.repeat(x, b // a, axis=axis)
            return x
        for axis, (a, b, s) in enumerate(zip(before, after, given), x.ndim - n):
            # torch computes places in float32.
            step = np.float32(_step(a, b, s))
            places = (np.arange(b, dtype=np.float32) + np.float32(0.5 * exact)) * step
            x = ops.take(x, np.minimum(places.astype(np.int64), a - 1), axis=axis)
        return x

    return handler


def _odd(before: Sequence[int], after: Sequence[int], scales: Sequence[float | None]) -> bool:
    """Whether a scale was given that is not the ratio of the sizes."""
    return any(s is not None and a * s != b for a, b, s in zip(before, after, scales))


def _given_scales(scales: Sequence[Any], n: int) -> Any:
    """Overloads have the scales as one list, or one after the other, or not at all."""
    if len(scales) == 1 and (scales[0] is None or isinstance(scales[0], list | tuple)):
        return scales[0]
    return list(scales[:n]) if scales else None


def _linear(distance: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1 - np.abs(distance))


def _cubic(a: float) -> Filter:
    def weights(distance: np.ndarray) -> np.ndarray:
        t = np.abs(distance)
        near = ((a + 2) * t - (a + 3)) * t * t + 1
        far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
        return np.where(t <= 1, near, np.where(t < 2, far, 0.0))

    return weights


def _matrix(before: int, after: int, scale: float | None, align: bool, kernel: Filter, reach: int) -> np.ndarray:
    """The weights (before, after) of the elements in each resized one; places beyond the edge count for the edge."""
    if align:
        step = (before - 1) / (after - 1) if after > 1 else 0.0
        places = np.arange(after) * step
    else:
        places = (np.arange(after) + 0.5) * _step(before, after, scale) - 0.5
        places = np.maximum(places, 0.0) if reach == 1 else places
    first = np.floor(places).astype(int)
    weights = np.zeros((before, after))
    for offset in range(1 - reach, reach + 1):
        at = first + offset
        np.add.at(weights, (np.clip(at, 0, before - 1), np.arange(after)), kernel(places - at))
    return weights


def _smoothed(before: int, after: int, scale: float | None, align: bool, kernel: Filter, reach: int) -> np.ndarray:
    """As `_matrix`, with the kernel as wide as the step where the image becomes smaller; weights sum to 1."""
    step = ((before - 1) / (after - 1) if after > 1 else 0.0) if align else _step(before, after, scale)
    width = max(step, 1.0)
    centers = step * (np.arange(after) + 0.5)
    weights = np.zeros((before, after))
    for i, center in enumerate(centers):
        low = max(int(center - reach * width + 0.5), 0)
        high = min(int(center + reach * width + 0.5), before)
        at = np.arange(low, high)
        share = kernel((at - center + 0.5) / width)
        weights[low:high, i] = share / share.sum()
    return weights


def _resized(n: int, kernel: Filter, reach: int, smooth: bool = False) -> Callable[..., Any]:
    def handler(x: Any, size: Any, align: bool, *scales: Any) -> Any:
        before, after, given = _sizes(x, size, _given_scales(scales, n), n)
        for axis, (a, b, s) in enumerate(zip(before, after, given), x.ndim - n):
            if a == b and (s is None or s == 1):
                continue
            weights = constant((_smoothed if smooth else _matrix)(a, b, s, align, kernel, reach), x)
            if axis == x.ndim - 1:
                x = ops.matmul(x, weights)
            else:
                x = ops.swapaxes(ops.matmul(ops.swapaxes(x, axis, -1), weights), axis, -1)
        return x

    return handler


def _affine_grid(theta: Any, size: Any, align: bool) -> Any:
    """Places (batch, spatial..., n) in [-1, 1] that an affine map sends the places of an image of `size` to."""
    axes = []
    for m in size[2:]:
        line = np.linspace(-1, 1, int(m)) if m > 1 else np.zeros(1)
        axes.append(line if align or m == 1 else line * (m - 1) / m)
    mesh = np.meshgrid(*axes, indexing="ij")
    base = np.stack([*mesh[::-1], np.ones_like(mesh[0])], -1)
    grid = ops.matmul(constant(base.reshape(-1, base.shape[-1]), theta), ops.swapaxes(theta, 1, 2))
    return ops.reshape(grid, (theta.shape[0], *size[2:], len(axes)))


def _grid_sample(x: Any, grid: Any, mode: int, padding: int, align: bool) -> Any:
    """The image read at places given by a grid; modes: bilinear, nearest, bicubic; paddings: zeros, border, mirror."""
    sizes = x.shape[2:]
    n = len(sizes)
    places = [_unnormalised(grid[..., n - 1 - i], m, align) for i, m in enumerate(sizes)]
    if mode == 1:
        places = [_folded(p, m, padding, align) for p, m in zip(places, sizes)]
        return _read(x, [ops.cast(ops.round(p), "int32") for p in places], padding)
    if mode == 0:
        places = [_folded(p, m, padding, align) for p, m in zip(places, sizes)]
    floors = [ops.floor(p) for p in places]
    kernel, offsets = (_cubic_values, range(-1, 3)) if mode == 2 else (_linear_values, range(2))
    parts = []
    for corner in np.ndindex(*(len(offsets),) * n):
        shift = [offsets[i] for i in corner]
        weight = functools.reduce(ops.multiply, [kernel(p - (f + float(o))) for p, f, o in zip(places, floors, shift)])
        at = [f + float(o) for f, o in zip(floors, shift)]
        if mode == 2:
            at = [_folded(p, m, padding, align) for p, m in zip(at, sizes)]
        values = _read(x, [ops.cast(a, "int32") for a in at], padding)
        parts.append(values * ops.expand_dims(weight, 1))
    return functools.reduce(ops.add, parts)


def _unnormalised(coordinate: Any, size: Any, align: bool) -> Any:
    if align:
        return (coordinate + 1.0) * ((size - 1) / 2)
    return ((coordinate + 1.0) * float(size) - 1.0) * 0.5


def _folded(place: Any, size: Any, padding: int, align: bool) -> Any:
    """Places outside brought inside, where the padding asks for it."""
    if padding == 2:
        low, span = (0.0, float(size - 1)) if align else (-0.5, float(size))
        if span == 0:
            return ops.zeros_like(place)
        distance = ops.abs(place - low)
        turns = ops.floor(distance / span)
        extra = distance - turns * span
        odd = ops.equal(ops.remainder(turns, 2.0), 1.0)
        place = ops.where(odd, span - extra, extra) + low
    return place if padding == 0 else ops.clip(place, 0.0, float(size - 1))


def _linear_values(distance: Any) -> Any:
    return 1.0 - ops.abs(distance)


def _cubic_values(distance: Any) -> Any:
    a = -0.75
    t = ops.abs(distance)
    near = ((a + 2) * t - (a + 3)) * t * t + 1.0
    far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return ops.where(t <= 1.0, near, far)


def _read(x: Any, places: Sequence[Any], padding: int) -> Any:
    """x at integer places, (batch, channels, places...); what is outside gives 0."""
    batch, channels, *sizes = x.shape
    inside, flat = None, None
    for place, size in zip(places, sizes):
        known = ops.logical_and(place >= 0, place < size)
        inside = known if inside is None else ops.logical_and(inside, known)
        clipped = ops.clip(place, 0, size - 1)
        flat = clipped if flat is None else flat * size + clipped
    shape = places[0].shape
    count = math.prod(shape[1:])
    flat = ops.broadcast_to(ops.reshape(flat, (batch, 1, count)), (batch, channels, count))
    values = ops.take_along_axis(ops.reshape(x, (batch, channels, math.prod(sizes))), flat, axis=2)
    values = ops.reshape(values, (batch, channels, *shape[1:]))
    return ops.where(ops.expand_dims(inside, 1), values, 0.0) if padding == 0 else values


HANDLERS: dict[str, Callable[..., Any]] = {
    "aten.upsample_linear1d": _resized(1, _linear, 1),
    "aten.upsample_bilinear2d": _resized(2, _linear, 1),
    "aten.upsample_trilinear3d": _resized(3, _linear, 1),
    "aten.upsample_bicubic2d": _resized(2, _cubic(-0.75), 2),
    "aten._upsample_bilinear2d_aa": _resized(2, _linear, 1, smooth=True),
    "aten._upsample_bicubic2d_aa": _resized(2, _cubic(-0.5), 2, smooth=True),
    "aten.affine_grid_generator": _affine_grid,
    "aten.grid_sampler": _grid_sample,
    "aten.grid_sampler_2d": _grid_sample,
    "aten.grid_sampler_3d": _grid_sample,
}
for _n in (1, 2, 3):
    HANDLERS[f"aten.upsample_nearest{_n}d"] = _nearest(_n, False)
    HANDLERS[f"aten._upsample_nearest_exact{_n}d"] = _nearest(_n, True)
