"""Values written into places of an array. Every op returns a new array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.errors import UnsupportedModel
from multiback.graph.dims import Size, product
from multiback_torch.importer.aten._types import add, axis_of, cast, multiply, value, with_axis
from multiback_torch.importer.aten.indexing import flat_positions, is_mask, without_constant_masks
from multiback_torch.importer.aten.shaping import bounds, slice_along

_REDUCTIONS = {
    "sum": "add", "add": "add", "prod": "mul", "multiply": "mul", "amax": "max", "amin": "min", "mean": "add",
}  # fmt: skip


def _index_put(self: Any, indices: Sequence[Any], values: Any, accumulate: bool = False) -> Any:
    x = value(self)
    values = cast(value(values), x.dtype)
    indices = without_constant_masks(indices)
    if any(is_mask(i) for i in indices):
        return _put_where(x, indices, values, accumulate)
    axes = [a for a, index in enumerate(indices) if index is not None]
    if not axes:
        return add(x, values) if accumulate else ops.broadcast_to(values, x.shape)
    given = [value(indices[a]) for a in axes]
    given = list(ops.broadcast_arrays(*given)) if len(given) > 1 else given
    others = [a for a in range(len(x.shape)) if a not in axes]
    moved = ops.transpose(x, (*axes, *others))
    sizes, rest = moved.shape[: len(axes)], moved.shape[len(axes) :]
    at = given[0].shape
    values = _in_front(values, at, rest, axes, others)
    count = product(at)
    rows = _written(
        ops.reshape(moved, (product(sizes), *rest)),
        ops.reshape(flat_positions(given, sizes), (count,)),
        ops.reshape(values, (count, *rest)),
        "add" if accumulate else None,
    )
    back = np.argsort((*axes, *others)).tolist()
    return ops.transpose(ops.reshape(rows, moved.shape), back)


def _written(rows: Any, places: Any, updates: Any, reduction: str | None) -> Any:
    """Rows written or combined; bools are combined as integers."""
    if reduction is None or rows.dtype.kind != "b":
        return ops.scatter_rows(rows, places, updates, reduction)
    rows, updates = (ops.cast(x, dtypes.int32) for x in (rows, updates))
    return ops.cast(ops.scatter_rows(rows, places, updates, reduction), dtypes.bool_)


def _in_front(values: Any, at: Sequence[Size], rest: Sequence[Size], axes: list[int], others: list[int]) -> Any:
    """Updates broadcast to the shape of what indexing gives, with the axes of the indices in front."""
    place = axes[0] if axes == list(range(axes[0], axes[-1] + 1)) else 0
    before = sum(a < axes[0] for a in others) if place else 0
    shape = (*rest[:before], *at, *rest[before:])
    values = ops.broadcast_to(values, shape) if values.shape != tuple(shape) else values
    if not before:
        return values
    order = (*range(before, before + len(at)), *range(before), *range(before + len(at), len(shape)))
    return ops.transpose(values, order)


def _put_where(x: Any, indices: Sequence[Any], values: Any, accumulate: bool) -> Any:
    """A mask as the only index: what is written must be the same number, or row, wherever the mask holds."""
    places = [a for a, i in enumerate(indices) if i is not None]
    mask = indices[places[0]]
    after = len(x.shape) - places[0] - len(mask.shape)
    known = len(values.shape) <= after or values.shape[len(values.shape) - after - 1] == 1
    if len(places) > 1 or not known or len(values.shape) > after + 1:
        raise UnsupportedModel(
            "x[mask] = values, with as many values as the mask has True, depends on data. Use torch.where."
        )
    if len(values.shape) > after:
        values = ops.reshape(values, values.shape[1:])
    mask = ops.reshape(value(mask, dtypes.bool_), (*mask.shape, *[1] * after))
    return ops.where(mask, add(x, values) if accumulate else values, x)


def _flat_places(x: Any, dim: int, index: Any) -> Any:
    """Places in the flattened x of `index` along one axis and of its own places along the others."""
    coordinates = []
    for axis, size in enumerate(index.shape):
        along = ops.reshape(ops.iota(size), (size, *[1] * (len(index.shape) - axis - 1)))
        coordinates.append(index if axis == dim else along)
    return ops.reshape(ops.broadcast_to(flat_positions(coordinates, x.shape), index.shape), (product(index.shape),))


def _scattered(self: Any, dim: int, index: Any, src: Any, reduce: str | None, include_self: bool = True) -> Any:
    x, places = with_axis(value(self)), with_axis(value(index))
    axis = axis_of(dim, x)
    if any(n == 0 for n in places.shape):
        return value(self)
    src = cast(value(src, x.dtype), x.dtype)
    if not len(src.shape):
        src = ops.broadcast_to(src, places.shape)
    src = ops.getitem(src, tuple(slice(0, n) for n in places.shape)) if src.shape != places.shape else src
    flat, at, updates = ops.reshape(x, (-1,)), _flat_places(x, axis, places), ops.reshape(src, (-1,))
    if reduce is None:
        found = ops.scatter_rows(flat, at, updates, None)
    else:
        found = _reduced(flat, at, updates, reduce, include_self)
    return ops.reshape(found, self.shape)


def _reduced(flat: Any, at: Any, updates: Any, reduce: str, include_self: bool) -> Any:
    if not include_self:
        start = ops.broadcast_to(ops.cast(_neutral(reduce, flat.dtype), flat.dtype), updates.shape)
        flat = ops.scatter_rows(flat, at, start, None)
    found = _written(flat, at, updates, _REDUCTIONS[reduce])
    if reduce != "mean":
        return found
    ones = ops.ones_like(updates)
    counts = ops.scatter_rows(ops.full_like(flat, 1 if include_self else 0), at, ones, "add")
    counts = ops.maximum(counts, 1)
    return ops.divide(found, counts) if found.dtype.is_inexact else ops.floor_divide(found, counts)


def _neutral(reduce: str, dtype: Any) -> Any:
    if dtype.kind == "b":
        return np.asarray(reduce in ("prod", "multiply", "amin"))
    if reduce in ("amax", "amin"):
        limits = np.iinfo(dtype.numpy) if dtype.is_integer else None
        low, high = (int(limits.min), int(limits.max)) if limits else (float("-inf"), float("inf"))
        return np.asarray(low if reduce == "amax" else high, dtype.numpy)
    return np.asarray(1 if reduce in ("prod", "multiply") else 0, dtype.numpy)


def _scatter(self: Any, dim: int, index: Any, src: Any, *, reduce: str | None = None) -> Any:
    return _scattered(self, dim, index, src, reduce)


def _scatter_add(self: Any, dim: int, index: Any, src: Any) -> Any:
    return _scattered(self, dim, index, src, "add")


def _scatter_reduce(self: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Any:
    return _scattered(self, dim, index, src, reduce, include_self)


def _rows(self: Any, dim: int, index: Any, source: Any, reduce: str | None, include_self: bool = True) -> Any:
    """Slices along one axis written, or combined, at places."""
    x, places = with_axis(value(self)), with_axis(value(index))
    axis = axis_of(dim, x)
    source = with_axis(cast(value(source), x.dtype))
    front, updates = (ops.moveaxis(y, axis, 0) if axis else y for y in (x, source))
    if reduce is None:
        found = ops.scatter_rows(front, places, updates, None)
    else:
        found = _reduced(front, places, updates, reduce, include_self)
    return ops.reshape(ops.moveaxis(found, 0, axis) if axis else found, self.shape)


def _index_add(self: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    source = value(source) if alpha == 1 else multiply(value(source), alpha)
    return _rows(self, dim, index, source, "add")


def _index_copy(self: Any, dim: int, index: Any, source: Any) -> Any:
    return _rows(self, dim, index, source, None)


def _index_fill(self: Any, dim: int, index: Any, value: Any) -> Any:
    x, places = with_axis(self), with_axis(index)
    axis = axis_of(dim, x)
    shape = (*x.shape[:axis], places.shape[0], *x.shape[axis + 1 :])
    return _rows(self, dim, index, ops.broadcast_to(_scalar(value, x.dtype), shape), None)


def _scalar(x: Any, dtype: Any) -> Any:
    return value(x, dtype)


def _index_reduce(self: Any, dim: int, index: Any, source: Any, reduce: str, *, include_self: bool = True) -> Any:
    return _rows(self, dim, index, source, reduce, include_self)


def _put(self: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    x = value(self)
    updates = ops.reshape(cast(value(source), x.dtype), (-1,))
    places = ops.reshape(value(index), (-1,))
    return ops.reshape(ops.scatter_rows(ops.reshape(x, (-1,)), places, updates, "add" if accumulate else None), x.shape)


def _slice_scatter(
    self: Any, src: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1, **_: Any
) -> Any:
    x = value(self)
    axis = axis_of(dim, x)
    size = x.shape[axis]
    src = cast(value(src), x.dtype)
    first, last = bounds(size, start, end)
    if first is None and last is None and step == 1:
        return ops.broadcast_to(src, x.shape) if src.shape != x.shape else src
    src = ops.broadcast_to(src, slice_along(x, axis, first, last, step).shape)
    if step == 1:
        return _between(x, src, axis, first, size)
    places = ops.getitem(ops.iota(size), slice(first, last, step))
    return _rows(x, axis, places, src, None)


def _between(x: Any, src: Any, axis: int, start: Any, size: Size) -> Any:
    """The part before, `src`, and the part after."""
    start = 0 if start is None else start
    start = size + start if isinstance(start, int) and start < 0 else start
    end = start + src.shape[axis]
    parts = [slice_along(x, axis, 0, start)] if start != 0 else []
    parts.append(src)
    if end != size:
        parts.append(slice_along(x, axis, end, None))
    return ops.concatenate(parts, axis)


def _select_scatter(self: Any, src: Any, dim: int, index: Any) -> Any:
    x = value(self)
    axis = axis_of(dim, x)
    return _between(x, ops.expand_dims(cast(value(src), x.dtype), axis), axis, index, x.shape[axis])


def _diagonal_scatter(self: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    x = value(self)
    a, b = axis_of(dim1, x), axis_of(dim2, x)
    order = (*(i for i in range(len(x.shape)) if i not in (a, b)), a, b)
    moved = ops.transpose(x, order)
    rows, columns = np.indices(moved.shape[-2:])
    kept = np.nonzero((columns - rows == offset).ravel())[0].astype(np.int32)
    flat = ops.moveaxis(ops.reshape(moved, (*moved.shape[:-2], -1)), -1, 0)
    found = ops.scatter_rows(flat, kept, ops.moveaxis(cast(value(src), x.dtype), -1, 0), None)
    back = np.argsort(order).tolist()
    return ops.transpose(ops.reshape(ops.moveaxis(found, 0, -1), moved.shape), back)


HANDLERS = {
    "aten.diagonal_scatter": _diagonal_scatter,
    "aten.index_add": _index_add,
    "aten.index_copy": _index_copy,
    "aten.index_fill": _index_fill,
    "aten.index_put": _index_put,
    "aten._index_put_impl": _index_put,
    "aten._unsafe_index_put": _index_put,
    "aten.index_reduce": _index_reduce,
    "aten.put": _put,
    "aten.scatter": _scatter,
    "aten.scatter_add": _scatter_add,
    "aten.scatter_reduce": _scatter_reduce,
    "aten.select_scatter": _select_scatter,
    "aten.slice_scatter": _slice_scatter,
}
