"""Pooling over windows, and to a given size."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.graph.dims import Dim
from multiback_torch.importer import calls
from multiback_torch.importer.composites._windows import batched, constant, per_axis
from multiback_torch.importer.handlers import Context

Pads = tuple[tuple[int, int], ...]


def _pads(sizes: Sequence[Any], window: Any, strides: Any, padding: Any, dilation: Any, ceil: bool) -> Pads:
    """What is added before and after each axis; with `ceil` a last window may reach beyond the padding.

    torch leaves that window out when it would begin beyond the array and the padding before it.
    """
    found = []
    for size, k, s, p, d in zip(sizes, window, strides, padding, dilation):
        after = p
        if ceil:
            reach = d * (k - 1) + 1
            count = -(-(size + 2 * p - reach) // s) + 1
            count -= (count - 1) * s >= size + p
            after = max(p, (count - 1) * s + reach - size - p)
        found.append((p, after))
    return tuple(found)


def _padded(x: Any, pads: Pads, value: Any) -> Any:
    if not any(map(any, pads)):
        return x
    return ops.constant_pad(x, ((0, 0),) * (x.ndim - len(pads)) + pads, value)


def _lowest(x: Any) -> Any:
    dtype = dtypes.as_dtype(x.dtype)
    return float("-inf") if dtype.is_float else int(np.iinfo(dtype.numpy).min)


def _max_pool(n: int) -> Callable[..., Any]:
    def handler(x: Any, size: Any, stride: Any, padding: Any, dilation: Any, ceil: bool) -> Any:
        window, rates = per_axis(size, n), per_axis(dilation, n)
        strides = per_axis(stride, n) if stride else window
        return batched(
            x, n + 2, lambda x: _max_over(x, window, strides, _pads(
                x.shape[2:], window, strides, per_axis(padding, n), rates, ceil
            ), rates)
        )  # fmt: skip

    return handler


def _max_over(x: Any, window: Any, strides: Any, pads: Pads, rates: Any) -> Any:
    x = _padded(x, pads, _lowest(x))
    if all(r == 1 for r in rates):
        return ops.max_pool(x, window, strides, "valid", "channels_first")
    for axis, (k, s, r) in enumerate(zip(window, strides, rates), 2):
        count = (x.shape[axis] - r * (k - 1) - 1) // s + 1
        parts = [_every(x, axis, i * r, count, s) for i in range(k)]
        x = functools.reduce(ops.maximum, parts)
    return x


def _every(x: Any, axis: int, start: int, count: Any, step: int) -> Any:
    return x[(*(slice(None),) * axis, slice(start, start + (count - 1) * step + 1, step))]


def _max_pool_with_indices(n: int) -> Callable[..., Any]:
    plain = _max_pool(n)

    def handler(x: Any, size: Any, stride: Any, padding: Any, dilation: Any, ceil: bool, *, context: Context) -> Any:
        if not _second_is_used(context):
            return plain(x, size, stride, padding, dilation, ceil), None
        window, rates = per_axis(size, n), per_axis(dilation, n)
        strides = per_axis(stride, n) if stride else window

        def pooled(x: Any) -> Any:
            pads = _pads(x.shape[2:], window, strides, per_axis(padding, n), rates, ceil)
            starts = [
                np.arange((m + lo + hi - r * (k - 1) - 1) // s + 1) * s - lo
                for m, k, s, r, (lo, hi) in zip(x.shape[2:], window, strides, rates, pads)
            ]
            offsets = [np.arange(k) * r for k, r in zip(window, rates)]
            places = [a[:, None] + b for a, b in zip(starts, offsets)]
            return _largest_at(x, places)

        return batched(x, n + 2, pooled)

    return handler


def _second_is_used(context: Context) -> bool:
    return any(user.args[1] == 1 and user.users for user in context.node.users)


def _largest_at(x: Any, places: Sequence[np.ndarray]) -> tuple[Any, Any]:
    """The largest element of windows, and its place in the flat image.

    Arguments:
        x: (batch, channels, spatial...), of known sizes.
        places: For each axis, the positions (windows, elements); those outside do not count.
    """
    sizes = x.shape[2:]
    n = len(sizes)
    flat, inside = np.zeros((1,) * (2 * n), np.int64), np.ones((1,) * (2 * n), bool)
    for axis, (size, place) in enumerate(zip(sizes, places)):
        shape = [1] * (2 * n)
        shape[axis], shape[n + axis] = place.shape
        flat = flat * size + np.clip(place, 0, size - 1).reshape(shape)
        inside = inside & ((place >= 0) & (place < size)).reshape(shape)
    count, each = math.prod(flat.shape[:n]), math.prod(flat.shape[n:])
    table = flat.reshape(count, each)
    windows = ops.take(ops.reshape(x, (*x.shape[:2], math.prod(sizes))), table, axis=-1)
    if not inside.all():
        windows = ops.where(np.broadcast_to(inside, flat.shape).reshape(count, each), windows, _lowest(x))
    where = ops.argmax(windows, axis=-1)
    largest = ops.max(windows, axis=-1)
    index = ops.take(table.reshape(-1), ops.cast(where, "int64") + np.arange(count) * each, axis=0)
    wanted = (*x.shape[:2], *flat.shape[:n])
    return ops.reshape(largest, wanted), ops.reshape(index, wanted)


def _average_pool(n: int) -> Callable[..., Any]:
    def handler(
        x: Any, size: Any, stride: Any, padding: Any, ceil: bool, with_pad: bool, divisor: int | None = None
    ) -> Any:
        window, given = per_axis(size, n), per_axis(padding, n)
        strides = per_axis(stride, n) if stride else window

        def pooled(x: Any) -> Any:
            pads = _pads(x.shape[2:], window, strides, given, (1,) * n, ceil)
            y = ops.average_pool(_padded(x, pads, 0), window, strides, "valid", "channels_first")
            if divisor is not None:
                return y * (math.prod(window) / divisor)
            factor = _correction(x.shape[2:], window, strides, pads, given, with_pad)
            return y if factor is None else y * constant(factor, y)

        return batched(x, n + 2, pooled)

    return handler


def _correction(sizes: Any, window: Any, strides: Any, pads: Pads, given: Any, with_pad: bool) -> np.ndarray | None:
    """Elements of a window over those that count: all, or only those of the array, or also those of the padding."""
    if all(lo == hi == (0 if not with_pad else p) for (lo, hi), p in zip(pads, given)):
        return None
    factor = np.ones((1,) * len(sizes))
    for axis, (size, k, s, (lo, hi), p) in enumerate(zip(sizes, window, strides, pads, given)):
        begin, end = (-p, size + p) if with_pad else (0, size)
        starts = np.arange((size + lo + hi - k) // s + 1) * s - lo
        counts = np.minimum(starts + k, end) - np.maximum(starts, begin)
        factor = factor * (k / counts).reshape([-1 if a == axis else 1 for a in range(len(sizes))])
    return factor


def _adaptive_windows(size: int, parts: int) -> list[tuple[int, int]]:
    return [(i * size // parts, -(-(i + 1) * size // parts)) for i in range(parts)]


def _adaptive_average(n: int) -> Callable[..., Any]:
    def handler(x: Any, parts: Any) -> Any:
        wanted = per_axis(parts, n)
        if all(p == 1 for p in wanted):
            return ops.mean(x, axis=tuple(range(x.ndim - n, x.ndim)), keepdims=True)
        return batched(x, n + 2, lambda x: _averaged_to(x, wanted))

    return handler


def _averaged_to(x: Any, wanted: Sequence[Any]) -> Any:
    steps = [None if isinstance(m, Dim) or m % p else m // p for m, p in zip(x.shape[2:], wanted)]
    if None not in steps:
        return x if set(steps) == {1} else ops.average_pool(x, steps, steps, "valid", "channels_first")
    for axis, parts in enumerate(wanted, 2):
        if x.shape[axis] == parts:
            continue
        weights = np.zeros((int(x.shape[axis]), parts))
        for i, (start, end) in enumerate(_adaptive_windows(x.shape[axis], parts)):
            weights[start:end, i] = 1 / (end - start)
        x = ops.moveaxis(ops.matmul(ops.moveaxis(x, axis, -1), constant(weights, x)), -1, axis)
    return x


def _adaptive_max(n: int) -> Callable[..., Any]:
    def handler(x: Any, parts: Any, *, context: Context) -> Any:
        wanted = per_axis(parts, n)

        def pooled(x: Any) -> Any:
            sizes = [int(m) for m in x.shape[2:]]
            if _second_is_used(context):
                windows = [_adaptive_windows(m, p) for m, p in zip(sizes, wanted)]
                return _largest_at(x, [_rows(w) for w in windows])
            if not any(m % p for m, p in zip(sizes, wanted)):
                steps = [m // p for m, p in zip(sizes, wanted)]
                return ops.max_pool(x, steps, steps, "valid", "channels_first"), None
            for axis, (m, p) in enumerate(zip(sizes, wanted), 2):
                whole = (slice(None),) * axis
                parts = [
                    ops.max(x[(*whole, slice(a, b))], axis=axis, keepdims=True) for a, b in _adaptive_windows(m, p)
                ]
                x = ops.concatenate(parts, axis)
            return x, None

        return batched(x, n + 2, pooled)

    return handler


def _rows(windows: Sequence[tuple[int, int]]) -> np.ndarray:
    """The positions of windows of different sizes, -1 where there is none."""
    longest = max(b - a for a, b in windows)
    return np.array([[*range(a, b), *(-1,) * (longest - b + a)] for a, b in windows])


def _max_unpool(n: int) -> Callable[..., Any]:
    def handler(x: Any, indices: Any, size: Any, *_: Any) -> Any:
        wanted = per_axis(size, n)

        def put(x: Any, indices: Any) -> Any:
            lead = x.shape[:-n]
            blank = ops.zeros((*lead, math.prod(wanted)), x.dtype)
            flat = [ops.reshape(a, (*lead, math.prod(x.shape[-n:]))) for a in (indices, x)]
            return ops.reshape(calls.named("aten.scatter")(blank, -1, *flat), (*lead, *wanted))

        return put(x, indices)

    return handler


HANDLERS: dict[str, Callable[..., Any]] = {}
for _n in (1, 2, 3):
    HANDLERS[f"aten.max_pool{_n}d"] = _max_pool(_n)
    HANDLERS[f"aten.max_pool{_n}d_with_indices"] = _max_pool_with_indices(_n)
    HANDLERS[f"aten.avg_pool{_n}d"] = _average_pool(_n)
    HANDLERS[f"aten.adaptive_avg_pool{_n}d"] = _adaptive_average(_n)
    HANDLERS[f"aten._adaptive_avg_pool{_n}d"] = _adaptive_average(_n)
    HANDLERS[f"aten.adaptive_max_pool{_n}d"] = _adaptive_max(_n)
HANDLERS.update({"aten.max_unpool2d": _max_unpool(2), "aten.max_unpool3d": _max_unpool(3)})
