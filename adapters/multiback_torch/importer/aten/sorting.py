"""Orders along an axis: sorting, largest elements, medians, searching."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.graph.dims import Dim
from multiback_torch.importer.aten._types import axis_of, cast, promoted, value, with_axis


def _order(x: Any, axis: int, descending: bool) -> Any:
    if not descending:
        return ops.argsort(x, axis)
    # From the other end, so that equal elements keep their order.
    size = x.shape[axis]
    last = ops.dimension(size, dtypes.int32) - 1 if isinstance(size, Dim) else size - 1
    return ops.subtract(last, ops.flip(ops.argsort(ops.flip(x, axis), axis), axis))


def _sort(self: Any, dim: int = -1, descending: bool = False) -> Any:
    x = with_axis(value(self))
    axis = axis_of(dim, x)
    order = _order(x, axis, bool(descending))
    found = ops.take_along_axis(x, order, axis), cast(order, dtypes.int64)
    return found if len(self.shape) else tuple(ops.reshape(y, ()) for y in found)


def _stable_sort(self: Any, *, stable: bool | None = None, dim: int = -1, descending: bool = False) -> Any:
    return _sort(self, dim, descending)


def _argsort(self: Any, dim: int = -1, descending: bool = False) -> Any:
    return _sort(self, dim, descending)[1]


def _stable_argsort(self: Any, *, stable: bool = True, dim: int = -1, descending: bool = False) -> Any:
    return _sort(self, dim, descending)[1]


def _topk(self: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    x = with_axis(value(self))
    axis = axis_of(dim, x)
    if largest and axis == len(x.shape) - 1:
        values, places = ops.top_k(x, k)
    else:
        places = ops.getitem(_order(x, axis, largest), (*[slice(None)] * axis, slice(0, k)))
        values = ops.take_along_axis(x, places, axis)
    found = values, cast(places, dtypes.int64)
    return found if len(self.shape) else tuple(ops.reshape(y, ()) for y in found)


def _nth(x: Any, order: Any, axis: int, place: Any, keepdim: bool, scalar: bool) -> Any:
    places = ops.take_along_axis(order, place, axis) if not isinstance(place, int) else _at(order, axis, place)
    values = ops.take_along_axis(x, places, axis)
    found = values, cast(places, dtypes.int64)
    if scalar:
        return tuple(ops.reshape(y, ()) for y in found)
    return found if keepdim else tuple(ops.squeeze(y, axis) for y in found)


def _at(x: Any, axis: int, place: int) -> Any:
    return ops.getitem(x, (*[slice(None)] * axis, slice(place, place + 1)))


def _kthvalue(self: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    x = with_axis(value(self))
    axis = axis_of(dim, x)
    return _nth(x, ops.argsort(x, axis), axis, k - 1, keepdim, not len(self.shape))


def _middle(x: Any, axis: int, ignore_nan: bool) -> Any:
    """The place of the lower median in ascending order; that of a NaN if there is one, unless they are ignored."""
    size = x.shape[axis]
    count = ops.dimension(size, dtypes.int32) if isinstance(size, Dim) else size
    if not x.dtype.is_float:
        return (count - 1) // 2
    numbers = ops.sum(ops.cast(ops.logical_not(ops.isnan(x)), dtypes.int32), axis, keepdims=True)
    if ignore_nan:
        return ops.maximum(ops.floor_divide(ops.subtract(numbers, 1), 2), 0)
    return ops.where(ops.equal(numbers, count), (count - 1) // 2, numbers)


def _median_along(ignore_nan: bool) -> Any:
    def median(self: Any, dim: int, keepdim: bool = False) -> Any:
        x = with_axis(value(self))
        axis = axis_of(dim, x)
        return _nth(x, ops.argsort(x, axis), axis, _middle(x, axis, ignore_nan), keepdim, not len(self.shape))

    return median


def _median(ignore_nan: bool) -> Any:
    along = _median_along(ignore_nan)
    return lambda self: along(ops.reshape(value(self), (-1,)), 0)[0]


def _searchsorted(
    sorted_sequence: Any,
    self: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: Any = None,
    sorter: Any = None,
) -> Any:
    edges, x = promoted(sorted_sequence, self)
    edges = value(edges)
    if sorter is not None:
        edges = ops.take_along_axis(edges, sorter, -1)
    side = side or ("right" if right else "left")
    if len(edges.shape) == 1:
        found = ops.searchsorted(edges, value(x), side)
    else:
        compare = ops.less_equal if side == "right" else ops.less
        below = compare(ops.expand_dims(edges, -2), ops.expand_dims(value(x), -1))
        found = ops.sum(ops.cast(below, dtypes.int32), -1)
    return cast(found, dtypes.int32 if out_int32 else dtypes.int64)


def _bucketize(self: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> Any:
    return _searchsorted(boundaries, self, out_int32=out_int32, right=right)


def _histc(self: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    x = ops.reshape(value(self), (-1,))
    low, high = (ops.amin(x), ops.amax(x)) if min == max else (float(min), float(max))
    exact = cast(x, dtypes.float64)
    low, high = (cast(b, dtypes.float64) if not isinstance(b, float) else b for b in (low, high))
    place = ops.floor(ops.divide(ops.multiply(ops.subtract(exact, low), bins), ops.subtract(high, low)))
    place = ops.where(ops.equal(exact, high), bins - 1, place)
    inside = ops.logical_and(ops.greater_equal(exact, low), ops.less_equal(exact, high))
    hits = ops.equal(ops.expand_dims(place, -1), np.arange(bins, dtype=np.float64))
    hits = ops.logical_and(hits, ops.expand_dims(inside, -1))
    return cast(ops.sum(ops.cast(hits, dtypes.int32), 0), x.dtype)


def _bincount(self: Any, weights: Any = None, minlength: int = 0, *, context: Any) -> Any:
    count = context.shape[0]
    hits = ops.equal(ops.expand_dims(value(self), -1), np.arange(count, dtype=np.int32))
    if weights is None:
        return ops.sum(ops.cast(hits, dtypes.int64), 0)
    return ops.sum(ops.where(hits, ops.expand_dims(value(weights), -1), 0), 0)


HANDLERS = {
    "aten.argsort": _argsort,
    "aten.argsort.stable": _stable_argsort,
    "aten.bincount": _bincount,
    "aten.bucketize": _bucketize,
    "aten.histc": _histc,
    "aten.kthvalue": _kthvalue,
    "aten.median": _median(False),
    "aten.median.dim": _median_along(False),
    "aten.msort": lambda self: _sort(self, 0)[0],
    "aten.nanmedian": _median(True),
    "aten.nanmedian.dim": _median_along(True),
    "aten.searchsorted": _searchsorted,
    "aten.sort": _sort,
    "aten.sort.stable": _stable_sort,
    "aten.topk": _topk,
}
