"""Elements taken by arrays of indices, and masks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.errors import UnsupportedModel
from multiback.graph.dims import Dim, Size, product
from multiback_torch.importer.aten._types import axis_of, cast, value, with_axis

_DEPENDS = (
    "{op} with a mask that is computed has a size that depends on data. Use torch.where, or multiply by the mask."
)


def is_mask(x: Any) -> bool:
    """Whether an index is a mask of bools."""
    return x is not None and dtypes.as_dtype(x.dtype) in (dtypes.bool_, dtypes.uint8)


def without_constant_masks(indices: Sequence[Any]) -> list[Any]:
    """Indices with masks that are known turned into positions."""
    found: list[Any] = []
    for index in indices:
        if is_mask(index) and isinstance(index, np.ndarray):
            found.extend(np.nonzero(index))
        else:
            found.append(index)
    return found


def _number(size: Size) -> Any:
    return ops.dimension(size, dtypes.int32) if isinstance(size, Dim) else size


def _from_front(index: Any, size: Size) -> Any:
    """Indices with negative ones counted from the front."""
    if isinstance(index, np.ndarray) and isinstance(size, int):
        return np.where(index < 0, index + size, index).astype(np.int32)
    index = value(index)
    return ops.where(ops.less(index, 0), ops.add(index, _number(size)), index)


def flat_positions(indices: Sequence[Any], sizes: Sequence[Size]) -> Any:
    """Places in the flattened axes, of coordinates on each of them."""
    places: Any = None
    for index, size in zip(indices, sizes):
        index = _from_front(index, size)
        if places is None:
            places = index
        elif isinstance(places, np.ndarray) and isinstance(index, np.ndarray) and isinstance(size, int):
            places = places * size + index
        else:
            places = ops.add(ops.multiply(places, _number(size)), index)
    return places


def _aligned(indices: Sequence[Any]) -> list[Any]:
    """Indices of a known rank in int32 where they are known, so that they stay small."""
    return [x.astype(np.int32) if isinstance(x, np.ndarray) else value(x) for x in indices]


def adjacent(axes: Sequence[int]) -> bool:
    """Whether axes follow one another."""
    return all(b == a + 1 for a, b in pairwise(axes))


def _index(self: Any, indices: Sequence[Any]) -> Any:
    indices = without_constant_masks(indices)
    if any(is_mask(i) for i in indices):
        raise UnsupportedModel(_DEPENDS.format(op="Indexing"))
    x = value(self)
    axes = [a for a, index in enumerate(indices) if index is not None]
    given = _aligned([indices[a] for a in axes])
    if not axes:
        return x
    if len(axes) == 1:
        return ops.take(x, given[0], axes[0])
    place = axes[0] if adjacent(axes) else 0
    others = [a for a in range(len(x.shape)) if a not in axes]
    order = (*others[:place], *axes, *others[place:])
    x = x if order == tuple(range(len(order))) else ops.transpose(x, order)
    sizes = x.shape[place : place + len(axes)]
    merged = ops.reshape(x, (*x.shape[:place], product(sizes), *x.shape[place + len(axes) :]))
    return ops.take(merged, flat_positions(given, sizes), place)


def _masked_index(self: Any, mask: Any, indices: Sequence[Any], fill: Any) -> Any:
    """Elements where a mask holds and a number elsewhere; the indices there may be out of range."""
    found = _index(self, [None if i is None else ops.where(mask, i, 0) for i in indices])
    return ops.where(mask, found, cast(fill, found.dtype))


def _index_select(self: Any, dim: int, index: Any) -> Any:
    x = value(self)
    if not x.shape:
        return x if not len(index.shape) else ops.reshape(x, ())
    return ops.take(x, with_axis(value(index)), axis_of(dim, x))


def _cropped(x: Any, shape: Sequence[Size], axis: int) -> Any:
    """x with the other axes cut to the sizes of the indices."""
    key = tuple(slice(None) if a == axis or x.shape[a] == n else slice(0, n) for a, n in enumerate(shape))
    return x if all(k == slice(None) for k in key) else ops.getitem(x, key)


def _gather(self: Any, dim: int, index: Any, *, sparse_grad: bool = False) -> Any:
    x, places = with_axis(value(self)), with_axis(value(index))
    axis = axis_of(dim, x)
    if any(n == 0 for n in places.shape):
        return ops.zeros(index.shape, x.dtype)
    found = ops.take_along_axis(_cropped(x, places.shape, axis), places, axis)
    return found if len(index.shape) else ops.reshape(found, ())


def _take_along_dim(self: Any, indices: Any, dim: int | None = None) -> Any:
    if dim is None:
        return ops.take_along_axis(self, indices, None)
    return ops.take_along_axis(self, indices, axis_of(dim, self))


def _take(self: Any, index: Any) -> Any:
    return ops.take(self, index, None)


def _masked_fill(self: Any, mask: Any, value: Any) -> Any:
    return _filled(self, mask, value)


def _filled(self: Any, mask: Any, number: Any) -> Any:
    x = value(self)
    return ops.where(value(mask, dtypes.bool_), cast(number, x.dtype), x)


def _masked_scatter(self: Any, mask: Any, source: Any) -> Any:
    x, mask = value(self), value(mask, dtypes.bool_)
    shape = ops.broadcast_arrays(x, mask)[0].shape
    x, mask = ops.broadcast_to(x, shape), ops.broadcast_to(mask, shape)
    order = ops.subtract(ops.cumulative_sum(ops.cast(ops.reshape(mask, (-1,)), dtypes.int32), 0), 1)
    taken = ops.take(ops.reshape(value(source), (-1,)), ops.maximum(order, 0), 0)
    return ops.where(mask, ops.reshape(taken, shape), x)


def _one_hot(self: Any, num_classes: int = -1) -> Any:
    if num_classes < 0:
        raise UnsupportedModel("one_hot without num_classes has a size that depends on data. Give num_classes.")
    return ops.one_hot(self, num_classes, dtype=dtypes.int64)


HANDLERS = {
    "aten.gather": _gather,
    "aten.index": _index,
    "aten._unsafe_index": _index,
    "aten._unsafe_masked_index": _masked_index,
    "aten.index_select": _index_select,
    "aten.masked_fill": _masked_fill,
    "aten.masked_scatter": _masked_scatter,
    "aten.one_hot": _one_hot,
    "aten.take": _take,
    "aten.take_along_dim": _take_along_dim,
}
