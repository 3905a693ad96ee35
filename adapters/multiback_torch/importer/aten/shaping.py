"""Views and other changes of shape."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.errors import UnsupportedModel
from multiback.graph.dims import Dim, Size, divide_exactly, product
from multiback_torch.importer.aten._types import axes_of, axis_of, cast, value, with_axis

_END = 2**63 - 1


def reshape(self: Any, size: Sequence[Size]) -> Any:
    """The elements in another shape; one size may be -1."""
    size = tuple(size)
    x = value(self)
    if -1 in size and product(x.shape) == 0:
        rest = product(s for s in size if s != -1)
        size = tuple(0 if s == -1 and rest == 0 else s for s in size)
    return x if x.shape == size else ops.reshape(x, size)


def _view_dtype(self: Any, dtype: Any) -> Any:
    x = value(self)
    if dtypes.as_dtype(dtype) == x.dtype:
        return x
    return ops.bitcast(x, dtype)


def _reshape_as(self: Any, other: Any) -> Any:
    return reshape(self, other.shape)


def _expand(self: Any, size: Sequence[Size], *, implicit: bool = False) -> Any:
    x = value(self)
    new = len(size) - len(x.shape)
    shape = tuple(x.shape[i - new] if s == -1 and isinstance(s, int) else s for i, s in enumerate(size))
    return x if x.shape == shape else ops.broadcast_to(x, shape)


def _expand_as(self: Any, other: Any) -> Any:
    return _expand(self, other.shape)


def _permute(self: Any, dims: Sequence[int]) -> Any:
    x = value(self)
    order = tuple(axis_of(d, x) for d in dims)
    return x if order == tuple(range(len(x.shape))) else ops.transpose(x, order)


def _transpose(self: Any, dim0: int, dim1: int) -> Any:
    x = value(self)
    if len(x.shape) < 2 or axis_of(dim0, x) == axis_of(dim1, x):
        return x
    order = list(range(len(x.shape)))
    a, b = axis_of(dim0, x), axis_of(dim1, x)
    order[a], order[b] = b, a
    return ops.transpose(x, order)


def _t(self: Any) -> Any:
    return _transpose(self, 0, 1) if len(self.shape) == 2 else value(self)


def _matrix_transpose(self: Any) -> Any:
    return _transpose(self, -2, -1)


def _adjoint(self: Any) -> Any:
    return ops.conj(_transpose(self, -2, -1))


def _reversed_axes(self: Any) -> Any:
    return ops.transpose(self)


def _movedim(self: Any, source: Any, destination: Any) -> Any:
    return ops.moveaxis(self, source, destination) if len(self.shape) else value(self)


def _squeeze(self: Any, dim: Any = None) -> Any:
    x = value(self)
    axes = range(len(x.shape)) if dim is None else axes_of(dim, x) if isinstance(dim, int) or dim else ()
    dropped = tuple(a for a in axes if x.shape[a] == 1)
    return ops.squeeze(x, dropped) if dropped else x


def _unsqueeze(self: Any, dim: int) -> Any:
    return ops.expand_dims(self, dim)


def _flatten(self: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    x = value(self)
    if not x.shape:
        return ops.reshape(x, (1,))
    a, b = axis_of(start_dim, x), axis_of(end_dim, x)
    return reshape(x, (*x.shape[:a], product(x.shape[a : b + 1]), *x.shape[b + 1 :]))


def _unflatten(self: Any, dim: int, sizes: Sequence[Size]) -> Any:
    axis = axis_of(dim, self)
    known = product(s for s in sizes if s != -1)
    sizes = [self.shape[axis] // known if s == -1 else s for s in sizes]
    return reshape(self, (*self.shape[:axis], *sizes, *self.shape[axis + 1 :]))


def bounds(size: Size, start: Any, end: Any) -> tuple[Any, Any]:
    """Bounds of a slice, None where they are those of the axis."""
    start = None if start is None or (isinstance(start, int) and start in (0, -_END - 1)) else start
    whole = end is None or end == size or (isinstance(end, int) and (end == _END or _beyond(end, size)))
    return start, None if whole else end


def _beyond(end: int, size: Size) -> bool:
    return isinstance(size, int) and end >= size


def slice_along(x: Any, dim: int, start: Any, end: Any, step: int = 1) -> Any:
    """`x[..., start:end:step, ...]` along one axis."""
    x = value(x)
    axis = axis_of(dim, x)
    start, end = bounds(x.shape[axis], start, end)
    if start is None and end is None and step == 1:
        return x
    return ops.getitem(x, (*[slice(None)] * axis, slice(start, end, None if step == 1 else step)))


def _slice(self: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    return slice_along(self, dim, start, end, step)


def _select(self: Any, dim: int, index: Any) -> Any:
    x = value(self)
    return ops.getitem(x, (*[slice(None)] * axis_of(dim, x), index))


def _narrow(self: Any, dim: int, start: Any, length: Size) -> Any:
    start = start + self.shape[axis_of(dim, self)] if isinstance(start, int) and start < 0 else start
    return slice_along(self, dim, start, start + length)


def _split_with_sizes(self: Any, split_sizes: Sequence[Size], dim: int = 0) -> Any:
    start: Size = 0
    parts = []
    for size in split_sizes:
        parts.append(slice_along(self, dim, start, start + size))
        start = start + size
    return parts


def _count_of_parts(size: Size, part: Size) -> int:
    count = divide_exactly(size, part)
    count = (size + part - 1) // part if count is None else count
    if isinstance(count, Dim):
        raise UnsupportedModel(f"torch splits an axis of size {size} into parts of {part}: their number is not known.")
    return max(count, 1)


def _split(self: Any, split_size: Any, dim: int = 0) -> Any:
    if isinstance(split_size, list | tuple):
        return _split_with_sizes(self, split_size, dim)
    size = self.shape[axis_of(dim, self)]
    count = _count_of_parts(size, split_size) if split_size != 0 else 1
    last = size - split_size * (count - 1)
    return _split_with_sizes(self, [*[split_size] * (count - 1), last], dim)


def _chunk(self: Any, chunks: int, dim: int = 0) -> Any:
    size = self.shape[axis_of(dim, self)]
    part = divide_exactly(size, chunks)
    part = (size + chunks - 1) // chunks if part is None else part
    return _split(self, part, dim) if part != 0 else [value(self)] * chunks


def _tensor_split(self: Any, parts: Any, dim: int = 0) -> Any:
    axis = axis_of(dim, self)
    size = self.shape[axis]
    if isinstance(parts, int):
        least, more = size // parts, size % parts
        return _split_with_sizes(self, [least + 1 if i < more else least for i in range(parts)], dim)
    ends = [0, *parts, None]
    return [slice_along(self, dim, a, b) for a, b in pairwise(ends)]


def _unbind(self: Any, dim: int = 0) -> Any:
    return ops.unstack(self, axis=axis_of(dim, self))


def _repeat(self: Any, repeats: Sequence[Size]) -> Any:
    x = value(self)
    if any(isinstance(r, Dim) for r in repeats):
        shape = (*[1] * (len(repeats) - len(x.shape)), *x.shape)
        paired = [s for r, n in zip(repeats, shape) for s in (r, n)]
        spread = ops.broadcast_to(ops.reshape(x, [s for n in shape for s in (1, n)]), paired)
        return ops.reshape(spread, [r * n for r, n in zip(repeats, shape)])
    return x if set(repeats) <= {1} and len(repeats) == len(x.shape) else ops.tile(x, tuple(repeats))


def _tile(self: Any, dims: Sequence[Size]) -> Any:
    return _repeat(self, (*[1] * (len(self.shape) - len(dims)), *dims))


def _repeat_interleave(self: Any, repeats: Any, dim: int | None = None, *, output_size: Any = None) -> Any:
    if not isinstance(repeats, int | np.ndarray):
        raise UnsupportedModel("repeat_interleave with counts that are computed has a size that depends on data.")
    counts = repeats if isinstance(repeats, int) else [int(n) for n in np.ravel(repeats)]
    x = with_axis(value(self))
    return ops.repeat(x, counts, dim if dim is None else axis_of(dim, x))


def _repeat_counts(repeats: Any, *, output_size: Any = None) -> Any:
    if not isinstance(repeats, np.ndarray):
        raise UnsupportedModel("repeat_interleave with counts that are computed has a size that depends on data.")
    return ops.convert_to_tensor(np.repeat(np.arange(len(repeats)), repeats))


def _roll(self: Any, shifts: Any, dims: Any = ()) -> Any:
    x = value(self)
    shifts = (shifts,) if isinstance(shifts, int | Dim) else tuple(shifts)
    dims = (dims,) if isinstance(dims, int) else tuple(dims)
    if not x.shape:
        return x
    if not dims:
        return ops.roll(x, _within(shifts[0], product(x.shape)), None)
    for shift, dim in zip(shifts, dims):
        x = ops.roll(x, _within(shift, x.shape[axis_of(dim, x)]), axis_of(dim, x))
    return x


def _within(shift: Any, size: Size) -> Any:
    return shift % size if isinstance(size, int) and size and isinstance(shift, int) else shift


def _flip(self: Any, dims: Sequence[int]) -> Any:
    x = value(self)
    axes = tuple(axis_of(d, x) for d in dims)
    return ops.flip(x, axes) if axes and x.shape else x


def _rot90(self: Any, k: int = 1, dims: Sequence[int] = (0, 1)) -> Any:
    a, b = dims
    turned = {0: lambda x: value(x), 1: lambda x: _transpose(_flip(x, [b]), a, b), 2: lambda x: _flip(x, [a, b])}
    return turned.get(k % 4, lambda x: _flip(_transpose(x, a, b), [b]))(self)


def _unfold(self: Any, dimension: int, size: int, step: int) -> Any:
    x = with_axis(value(self))
    axis = axis_of(dimension, x)
    count = (x.shape[axis] - size) // step + 1
    if isinstance(count, int):
        places = np.arange(count)[:, None] * step + np.arange(size)
        windows = ops.take(x, places.astype(np.int32), axis)
        return ops.moveaxis(windows, axis + 1, -1) if len(self.shape) else ops.reshape(windows, (size,))
    return ops.stack([slice_along(x, axis, i, i + (count - 1) * step + 1, step) for i in range(size)], -1)


def _as_strided(self: Any, size: Any, stride: Any, storage_offset: Any = None, *, context: Any) -> Any:
    source = context.node.args[0].meta["val"]
    x = value(self)
    offset = 0 if storage_offset is None else storage_offset - int(source.storage_offset())
    reach = offset + sum((n - 1) * s for n, s in zip(size, stride))
    inside = isinstance(reach, Dim) or isinstance(product(x.shape), Dim) or 0 <= reach < product(x.shape)
    if not source.is_contiguous() or not inside:
        raise UnsupportedModel("as_strided of a tensor that is not contiguous depends on how torch stores it.")
    places: Any = None
    for axis, (count, step) in enumerate(zip(size, stride)):
        along: Any = np.arange(count) if isinstance(count, int) else ops.iota(count)
        step = value(step, dtypes.int32) if isinstance(step, Dim) else step
        along = along * step if isinstance(along, np.ndarray) and isinstance(step, int) else ops.multiply(along, step)
        shape = (count, *[1] * (len(size) - axis - 1))
        along = along.reshape(shape) if isinstance(along, np.ndarray) else ops.reshape(along, shape)
        both = isinstance(along, np.ndarray) and isinstance(places, np.ndarray | None)
        places = along if places is None else places + along if both else ops.add(_indices(places), _indices(along))
    if places is None:
        return ops.getitem(ops.reshape(x, (-1,)), offset)
    places = places + offset if isinstance(places, np.ndarray) else ops.add(places, cast(offset, dtypes.int32))
    return ops.take(ops.reshape(x, (-1,)), _indices(places), 0)


def _indices(x: Any) -> Any:
    return x.astype(np.int32) if isinstance(x, np.ndarray) else x


def _pixel_shuffle(self: Any, upscale_factor: int) -> Any:
    r = upscale_factor
    *batch, channels, height, width = self.shape
    n, c = len(batch), channels // r**2
    x = ops.transpose(ops.reshape(self, (*batch, c, r, r, height, width)), (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return ops.reshape(x, (*batch, c, height * r, width * r))


def _pixel_unshuffle(self: Any, downscale_factor: int) -> Any:
    r = downscale_factor
    *batch, channels, height, width = self.shape
    n = len(batch)
    x = ops.reshape(self, (*batch, channels, height // r, r, width // r, r))
    x = ops.transpose(x, (*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return ops.reshape(x, (*batch, channels * r**2, height // r, width // r))


def _channel_shuffle(self: Any, groups: int) -> Any:
    batch, channels, *rest = self.shape
    x = ops.swapaxes(ops.reshape(self, (batch, groups, channels // groups, *rest)), 1, 2)
    return ops.reshape(x, (batch, channels, *rest))


def _at_least(count: int) -> Any:
    def widened(self: Any) -> Any:
        if isinstance(self, list | tuple):
            return [widened(x) for x in self]
        x = value(self)
        if len(x.shape) >= count:
            return x
        if count == 3 and len(x.shape) == 2:
            return ops.expand_dims(x, -1)
        if count == 3 and len(x.shape) == 1:
            return ops.reshape(x, (1, x.shape[0], 1))
        return ops.reshape(x, (*[1] * (count - len(x.shape)), *x.shape))

    return widened


HANDLERS = {
    "aten.adjoint": _adjoint,
    "aten.as_strided": _as_strided,
    "aten.as_strided_copy": _as_strided,
    "aten.atleast_1d": _at_least(1),
    "aten.atleast_2d": _at_least(2),
    "aten.atleast_3d": _at_least(3),
    "aten.channel_shuffle": _channel_shuffle,
    "aten.chunk": _chunk,
    "aten.expand": _expand,
    "aten.expand_as": _expand_as,
    "aten.expand_copy": _expand,
    "aten.flatten": _flatten,
    "aten.flip": _flip,
    "aten.fliplr": lambda self: _flip(self, [1]),
    "aten.flipud": lambda self: _flip(self, [0]),
    "aten.mH": _adjoint,
    "aten.mT": _matrix_transpose,
    "aten.matrix_H": _adjoint,
    "aten.movedim": _movedim,
    "aten.moveaxis": _movedim,
    "aten.narrow": _narrow,
    "aten.narrow_copy": _narrow,
    "aten.native_channel_shuffle": _channel_shuffle,
    "aten.numpy_T": _reversed_axes,
    "aten.permute": _permute,
    "aten.permute_copy": _permute,
    "aten.pixel_shuffle": _pixel_shuffle,
    "aten.pixel_unshuffle": _pixel_unshuffle,
    "aten.ravel": lambda self: reshape(self, (product(self.shape),)),
    "aten.repeat": _repeat,
    "aten.repeat_interleave": _repeat_interleave,
    "aten.repeat_interleave.Tensor": _repeat_counts,
    "aten.reshape": reshape,
    "aten.reshape_as": _reshape_as,
    "aten._reshape_alias": lambda self, size, stride: reshape(self, size),
    "aten._reshape_copy": reshape,
    "aten.roll": _roll,
    "aten.rot90": _rot90,
    "aten.select": _select,
    "aten.select_copy": _select,
    "aten.slice": _slice,
    "aten.slice_copy": _slice,
    "aten.split": _split,
    "aten.split_copy": _split,
    "aten.split_with_sizes": _split_with_sizes,
    "aten.split_with_sizes_copy": _split_with_sizes,
    "aten.squeeze": _squeeze,
    "aten.squeeze_copy": _squeeze,
    "aten.swapaxes": _transpose,
    "aten.swapdims": _transpose,
    "aten.t": _t,
    "aten.t_copy": _t,
    "aten.tensor_split": _tensor_split,
    "aten.tile": _tile,
    "aten.transpose": _transpose,
    "aten.transpose_copy": _transpose,
    "aten.unbind": _unbind,
    "aten.unbind_copy": _unbind,
    "aten.unflatten": _unflatten,
    "aten.unfold": _unfold,
    "aten.unfold_copy": _unfold,
    "aten.unsafe_chunk": _chunk,
    "aten.unsafe_split": _split,
    "aten.unsafe_split_with_sizes": _split_with_sizes,
    "aten._unsafe_view": reshape,
    "aten.unsqueeze": _unsqueeze,
    "aten.unsqueeze_copy": _unsqueeze,
    "aten.view": reshape,
    "aten.view.dtype": _view_dtype,
    "aten.view_as": _reshape_as,
    "aten.view_copy": reshape,
    "aten.view_copy.dtype": _view_dtype,
}
