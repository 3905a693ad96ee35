"""`gather` with any dimension numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.graph.dims import Size, product
from multiback_jax.importer.node import Handler, Node, as_value, cast, dtype_of, known, transpose


def _gather(node: Node, x: Any, indices: Any) -> Any:
    numbers, sizes, mode = node["dimension_numbers"], node["slice_sizes"], str(node["mode"])
    x, indices = as_value(x), as_value(indices)
    starts = {axis: _column(indices, i) for i, axis in enumerate(numbers.start_index_map)}
    inside = None
    for axis, start in starts.items():
        room = x.shape[axis] - sizes[axis]
        if "CLIP" in mode or "FILL" in mode:
            if "FILL" in mode and not _surely_inside(start, room):
                here = ops.logical_and(ops.greater_equal(start, 0), ops.less_equal(start, _as_number(room)))
                inside = here if inside is None else ops.logical_and(inside, here)
            starts[axis] = clamped(start, room)
    y = _taken(x, starts, numbers, sizes, indices.shape[:-1], node.shape)
    if inside is None:
        return y
    batch = [a for a in range(len(node.shape)) if a not in numbers.offset_dims]
    shape: list[Size] = [1] * len(node.shape)
    for axis, size in zip(batch, indices.shape[:-1]):
        shape[axis] = size
    return ops.where(ops.reshape(inside, tuple(shape)), y, _filling(node))


def _column(indices: Any, i: int) -> Any:
    return ops.getitem(indices, (..., i)) if not isinstance(indices, np.ndarray) else np.asarray(indices[..., i])


def _as_number(size: Size) -> Any:
    return size if isinstance(size, int) else ops.dimension(size, dtypes.int32)


def _surely_inside(start: Any, room: Size) -> bool:
    numbers = known(start)
    return numbers is not None and isinstance(room, int) and bool(np.all((numbers >= 0) & (numbers <= room)))


def clamped(start: Any, room: Size) -> Any:
    """Starts moved to where the slice lies inside."""
    if _surely_inside(start, room):
        return start
    if dtype_of(start).bits < 32:
        start = cast(start, dtypes.int32)
    return ops.minimum(ops.maximum(start, 0), _as_number(room))


def _filling(node: Node) -> Any:
    """JAX's value for what lies outside: NaN, the smallest integer, the largest unsigned one, True."""
    if node["fill_value"] is not None:
        return np.asarray(node["fill_value"]).item()
    if node.dtype.is_inexact:
        return float("nan")
    if node.dtype.kind == "b":
        return True
    limits = np.iinfo(node.dtype.numpy)
    return int(limits.max if node.dtype.kind == "u" else limits.min)


def _taken(
    x: Any, starts: Any, numbers: Any, sizes: Sequence[Size], batch: Sequence[Size], shape: Sequence[Size]
) -> Any:
    paired = dict(zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims))
    collapsed = set(numbers.collapsed_slice_dims)
    gone = collapsed | set(paired)
    if len(starts) == 1 and not paired and set(starts) == collapsed:
        return _along_one_axis(x, starts, numbers, sizes, len(batch))
    # Axes with a start, a partner or only a part taken are looked up; the others stay whole, behind them.
    looked_up = [a for a in range(x.ndim) if a in starts or a in paired or sizes[a] != x.shape[a]]
    whole = [a for a in range(x.ndim) if a not in looked_up]
    windows = [a for a in looked_up if a not in gone]
    rank = len(batch) + len(windows)
    place: Any = None
    for axis in looked_up:
        here = _coordinates(axis, starts, paired, windows, sizes, len(batch), rank, batch)
        place = here if place is None else ops.add(ops.multiply(place, _as_number(x.shape[axis])), here)
    full = (*batch, *(sizes[a] for a in windows))
    rest = tuple(x.shape[a] for a in whole)
    rows = ops.reshape(transpose(x, (*looked_up, *whole)), (product(x.shape[a] for a in looked_up), *rest))
    y = ops.take(rows, ops.broadcast_to(place, full), 0)
    for axis in reversed(range(len(whole))):
        if whole[axis] in collapsed:
            y = ops.squeeze(y, axis=rank + axis)
    kept = [a for a in whole if a not in collapsed]
    return transpose(y, _order([*windows, *kept], numbers.offset_dims, len(batch), len(shape)))


def _coordinates(
    axis: int,
    starts: Any,
    paired: Any,
    windows: Sequence[int],
    sizes: Sequence[Size],
    ahead: int,
    rank: int,
    batch: Sequence[Size],
) -> Any:
    """Where along one axis each element lies, in a shape that broadcasts to batch and windows."""
    parts = []
    if axis in starts:
        start = cast(as_value(starts[axis]), dtypes.int32)
        parts.append(ops.reshape(start, (*start.shape, *[1] * (rank - ahead))))
    if axis in paired:
        parts.append(line(batch[paired[axis]], paired[axis], rank))
    if axis in windows and sizes[axis] != 1:
        parts.append(line(sizes[axis], ahead + list(windows).index(axis), rank))
    if not parts:
        return np.zeros((1,) * rank, np.int32)
    return parts[0] if len(parts) == 1 else ops.add(*parts)


def line(size: Size, axis: int, rank: int) -> Any:
    """0, 1, ... along one of so many axes."""
    return ops.reshape(ops.iota(size), tuple(size if a == axis else 1 for a in range(rank)))


def _along_one_axis(x: Any, starts: Any, numbers: Any, sizes: Sequence[Size], ahead: int) -> Any:
    """Rows of one axis, of which the slices may take a part along other axes."""
    ((axis, start),) = starts.items()
    if any(sizes[a] != x.shape[a] for a in range(x.ndim) if a != axis):
        x = ops.getitem(x, tuple(slice(None) if a == axis else slice(0, n) for a, n in enumerate(sizes)))
    y = ops.take(x, start, axis)
    # Now: axes before, batch, axes after.
    windows = [*range(axis), *range(axis + ahead, y.ndim)]
    batch = list(range(axis, axis + ahead))
    order = [0] * y.ndim
    for place, source in zip(numbers.offset_dims, windows):
        order[place] = source
    for place, source in zip([a for a in range(y.ndim) if a not in numbers.offset_dims], batch):
        order[place] = source
    return transpose(y, order)


def _order(axes: Sequence[int], offsets: Sequence[int], ahead: int, rank: int) -> list[int]:
    """From batch, then `axes` of the operand in this order, to the places that the slices have in the result."""
    order = [0] * rank
    for place, axis in zip(offsets, sorted(axes)):
        order[place] = ahead + list(axes).index(axis)
    for place, source in zip([a for a in range(rank) if a not in offsets], range(ahead)):
        order[place] = source
    return order


HANDLERS: dict[str, Handler] = {"gather": _gather}
