"""Sliding windows as columns, and back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from multiback import ops
from multiback_torch.importer.composites._windows import batched, per_axis


def _columns(x: Any, size: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    """(batch, channels, height, width) to (batch, channels * window, windows)."""
    window, rates, pads, strides = (per_axis(a, 2) for a in (size, dilation, padding, stride))

    def unfolded(x: Any) -> Any:
        batch, channels, *sizes = x.shape
        counts = _counts(sizes, window, rates, pads, strides)
        x = ops.constant_pad(x, ((0, 0), (0, 0), *((p, p) for p in pads)), 0)
        parts = [x[key] for key in _places(window, rates, strides, counts)]
        return ops.reshape(ops.stack(parts, 2), (batch, channels * window[0] * window[1], counts[0] * counts[1]))

    return batched(x, 4, unfolded)


def _counts(sizes: Any, window: Any, rates: Any, pads: Any, strides: Any) -> list[Any]:
    return [(m + 2 * p - r * (k - 1) - 1) // s + 1 for m, k, r, p, s in zip(sizes, window, rates, pads, strides)]


def _places(window: Any, rates: Any, strides: Any, counts: Any) -> list[Any]:
    """For each element of a window, the key of it in all windows."""
    return [
        (
            slice(None),
            slice(None),
            *(slice(o, o + (c - 1) * s + 1, s) for o, c, s in zip((i * rates[0], j * rates[1]), counts, strides)),
        )
        for i in range(window[0])
        for j in range(window[1])
    ]


def _image(x: Any, size: Any, window: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    """The sum of what the columns put at each place."""
    window, rates, pads, strides = (per_axis(a, 2) for a in (window, dilation, padding, stride))
    size = per_axis(size, 2)
    counts = _counts(size, window, rates, pads, strides)
    area = window[0] * window[1]

    def folded(x: Any) -> Any:
        batch, columns, _ = x.shape
        split = ops.reshape(x, (batch, columns // area, area, *counts))
        full = [m + 2 * p for m, p in zip(size, pads)]
        parts = []
        for at, key in enumerate(_places(window, rates, strides, counts)):
            part = split[:, :, at]
            for axis, (span, length) in enumerate(zip(key[2:], full), 2):
                part = _spread(part, axis, span.start, span.step, length)
            parts.append(part)
        total = functools.reduce(ops.add, parts)
        inside = tuple(slice(p, p + m) for p, m in zip(pads, size))
        return total[(slice(None), slice(None), *inside)]

    return batched(x, 3, folded)


def _spread(x: Any, axis: int, start: int, step: int, length: int) -> Any:
    """The elements along an axis at start, start + step, ..., with zeros elsewhere, up to a length."""
    count = x.shape[axis]
    if step > 1:
        shape = list(x.shape)
        x = ops.reshape(x, (*shape[: axis + 1], 1, *shape[axis + 1 :]))
        x = ops.constant_pad(x, ((0, 0),) * (axis + 1) + ((0, step - 1),) + ((0, 0),) * (len(shape) - axis - 1), 0)
        shape[axis] = count * step
        x = ops.reshape(x, shape)[(*(slice(None),) * axis, slice(0, (count - 1) * step + 1))]
    after = length - start - x.shape[axis]
    return ops.constant_pad(x, tuple((start, after) if a == axis else (0, 0) for a in range(x.ndim)), 0)


HANDLERS: dict[str, Callable[..., Any]] = {"aten.im2col": _columns, "aten.col2im": _image}
