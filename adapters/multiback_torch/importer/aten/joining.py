"""Arrays put together: one after another, side by side, padded."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import ops
from multiback.graph.dims import Dim, Size
from multiback_torch.importer.aten._types import axis_of, result_type, value, with_axis


def _same_dtype(tensors: Sequence[Any]) -> list[Any]:
    dtype = result_type(*tensors)
    return [value(x, dtype) for x in tensors]


def _cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    # Torch skips tensors of shape (0,), whatever the rank of the others.
    kept = [x for x in tensors if tuple(x.shape) != (0,)] or list(tensors[:1])
    dtype = result_type(*tensors)
    found = [value(x, dtype) for x in kept]
    return found[0] if len(found) == 1 else ops.concatenate(found, axis_of(dim, found[0]))


def _stack(tensors: Sequence[Any], dim: int = 0) -> Any:
    found = _same_dtype(tensors)
    return ops.stack(found, dim % (len(found[0].shape) + 1))


def _joined(axis: Callable[[list[Any]], int], ndim: int) -> Callable[[Sequence[Any]], Any]:
    def join(tensors: Sequence[Any]) -> Any:
        found = [_widened(x, ndim) for x in _same_dtype(tensors)]
        return ops.concatenate(found, axis(found))

    return join


def _widened(x: Any, ndim: int) -> Any:
    if len(x.shape) >= ndim:
        return x
    if ndim == 3:
        return ops.expand_dims(x, -1) if len(x.shape) == 2 else ops.reshape(x, (1, x.shape[0] if x.shape else 1, 1))
    return ops.reshape(x, (*[1] * (ndim - len(x.shape)), *x.shape))


def _column_stack(tensors: Sequence[Any]) -> Any:
    return ops.concatenate([x if len(x.shape) > 1 else ops.reshape(x, (-1, 1)) for x in _same_dtype(tensors)], 1)


def _pairs(x: Any, pad: Sequence[Size]) -> tuple[tuple[Size, Size], ...]:
    """Torch's padding, last axis first, as (before, after) for each axis."""
    widths: list[tuple[Size, Size]] = [(0, 0)] * len(x.shape)
    for i in range(len(pad) // 2):
        widths[len(x.shape) - 1 - i] = (pad[2 * i], pad[2 * i + 1])
    return tuple(widths)


def _constant_pad(self: Any, pad: Sequence[Size], value_: Any = 0) -> Any:
    x = value(self)
    widths = _pairs(x, pad)
    cut = [_cut(w) for w in widths]
    if any(c != slice(None) for c in cut):
        x = ops.getitem(x, tuple(cut))
        widths = tuple((a if _grows(a) else 0, b if _grows(b) else 0) for a, b in widths)
    if all(w == (0, 0) for w in widths):
        return x
    number = 0 if value_ is None else value_
    number = bool(number) if x.dtype.kind == "b" else int(number) if x.dtype.is_integer else number
    return ops.constant_pad(x, widths, number)


def _grows(width: Size) -> bool:
    return isinstance(width, Dim) or width > 0


def _cut(widths: tuple[Size, Size]) -> slice:
    """Negative padding cuts elements off."""
    before, after = widths
    return slice(None if _grows(before) or before == 0 else -before, None if _grows(after) or after == 0 else after)


_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _padded(mode: str) -> Callable[[Any, Sequence[Size]], Any]:
    return lambda self, padding: _pad(self, padding, mode)


def _pad(self: Any, pad: Sequence[Size], mode: str = "constant", value: Any = None) -> Any:
    if mode == "constant":
        return _constant_pad(self, pad, value)
    x = self
    widths = _pairs(x, pad)
    grown = tuple((a if _grows(a) else 0, b if _grows(b) else 0) for a, b in widths)
    # In this order the ends that are cut off still count as the edge of what is repeated or mirrored.
    x = ops.pad(x, grown, _MODES[mode])
    return x if grown == widths else ops.getitem(x, tuple(_cut(w) for w in widths))


def _meshgrid(tensors: Sequence[Any], *, indexing: str = "ij") -> Any:
    return list(ops.meshgrid(*(with_axis(value(x)) for x in tensors), indexing=indexing))


def _broadcast_tensors(tensors: Sequence[Any]) -> Any:
    return list(ops.broadcast_arrays(*(value(x) for x in tensors)))


def _block_diag(tensors: Sequence[Any]) -> Any:
    blocks = [_widened(x, 2) for x in _same_dtype(tensors)]
    width = sum(x.shape[1] for x in blocks)
    rows, start = [], 0
    for block in blocks:
        count = block.shape[1]
        rows.append(ops.constant_pad(block, ((0, 0), (start, width - start - count)), 0))
        start += count
    return ops.concatenate(rows, 0)


def _cartesian_prod(tensors: Sequence[Any]) -> Any:
    if len(tensors) == 1:
        return value(tensors[0])
    grids = ops.meshgrid(*(value(x) for x in tensors), indexing="ij")
    return ops.stack([ops.reshape(g, (-1,)) for g in grids], 1)


def _combinations(self: Any, r: int = 2, with_replacement: bool = False) -> Any:
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(self.shape[0]), r)), np.int32).reshape(-1, r)
    return ops.take(self, places, 0) if r else value(self)[:0]


HANDLERS = {
    "aten.block_diag": _block_diag,
    "aten.broadcast_tensors": _broadcast_tensors,
    "aten.broadcast_to": lambda self, size: ops.broadcast_to(self, tuple(size)),
    "aten.cartesian_prod": _cartesian_prod,
    "aten.cat": _cat,
    "aten.column_stack": _column_stack,
    "aten.combinations": _combinations,
    "aten.concat": _cat,
    "aten.concatenate": _cat,
    "aten.constant_pad_nd": _constant_pad,
    "aten.dstack": _joined(lambda xs: 2, 3),
    "aten.hstack": _joined(lambda xs: 1 if len(xs[0].shape) > 1 else 0, 1),
    "aten.meshgrid": _meshgrid,
    "aten.pad": _pad,
    "aten.reflection_pad1d": _padded("reflect"),
    "aten.reflection_pad2d": _padded("reflect"),
    "aten.reflection_pad3d": _padded("reflect"),
    "aten.replication_pad1d": _padded("replicate"),
    "aten.replication_pad2d": _padded("replicate"),
    "aten.replication_pad3d": _padded("replicate"),
    "aten._pad_circular": _padded("circular"),
    "aten._pad_enum": lambda self, pad, mode, value=None: _pad(
        self, pad, ("constant", "reflect", "replicate", "circular")[mode], value
    ),
    "aten.stack": _stack,
    "aten.vstack": _joined(lambda xs: 0, 2),
}
