"""Selecting elements: basic indexing, gathering by an array of indices.

Indices that are arrays count from the end when negative, and are clamped to the nearest element when out of range:
index i of an axis of size n means min(max(i + n if i < 0 else i, 0), n - 1), on every backend, and so do gradients.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import ArgumentError, DtypeError, OutOfRangeError, ShapeError, TraceError
from multiback.graph.dims import Dim, Size, product
from multiback.graph.ir import Literal, Spec, Value
from multiback.graph.slices import Slice
from multiback.graph.trace import current_builder
from multiback.ops._cases import ALL_INTEGERS, EXACT, FLOATS, Bound, Case, Sample
from multiback.ops._define import OPS, Array, PublicOp, primitive
from multiback.ops._rules import axis_index, broadcast_shapes, chained, like
from multiback.ops.creation import iota, number, zeros
from multiback.ops.padding import constant_pad
from multiback.ops.shaping import broadcast_to, expand_dims, flip, in_every_dtype, moved, reshape, shown, transpose

_BATCH = Dim.named("batch")
_X = Sample(("batch", 5, 3))


class _Indexing(PublicOp):
    """The op behind `x[key]`: takes apart what Python puts between the brackets."""

    def __call__(self, x: Any, key: Any) -> Any:
        items = key if isinstance(key, tuple) else (key,)
        items = tuple(map(_item, items))
        arrays = [i for i, item in enumerate(items) if _is_array(item)]
        if not arrays:
            return super().__call__(x, items)
        if len(arrays) > 1:
            raise ArgumentError("x[...] takes at most one array of indices; combine several with ops.take_along_axis.")
        place = arrays[0]
        basic = (*items[:place], Slice(), *items[place + 1 :])
        if any(not isinstance(item, Slice) or not item.full for item in basic):
            x = super().__call__(x, basic)
        kept = [item is not None and not isinstance(item, int | Dim) for item in items]
        if Ellipsis in items[:place]:
            axis = -1 - sum(item is None or k for item, k in zip(items[place + 1 :], kept[place + 1 :]))
        else:
            axis = sum(item is None or k for item, k in zip(items[:place], kept[:place]))
        return take(x, items[place], axis)


def _is_array(item: Any) -> bool:
    return not (item is None or item is Ellipsis or isinstance(item, int | Dim | Slice))


def _item(item: Any) -> Any:
    """One entry of a key: None, Ellipsis, int, Dim, Slice or an array of integers."""
    if isinstance(item, slice):
        return Slice(*(_bound(part) for part in (item.start, item.stop, item.step)))
    if item is None or item is Ellipsis or isinstance(item, Slice | Dim):
        return item
    if isinstance(item, bool | np.bool_) or str(getattr(item, "dtype", "")).endswith("bool"):
        raise DtypeError("x[mask] has a size that depends on data. Use ops.where(mask, x, other) instead.")
    if hasattr(item, "shape") or isinstance(item, list) or hasattr(item, "__multiback_variable__"):
        return item.item() if isinstance(item, np.integer) else item
    try:
        return operator.index(item)
    except TypeError:
        raise ArgumentError(
            f"An index is an integer, slice, None, ... or an array of integers, got {item!r}."
        ) from None


def _bound(part: Any) -> Any:
    if part is None or isinstance(part, Dim):
        return part
    if isinstance(part, Value):
        raise TraceError(
            f"A slice needs bounds that are known while tracing, got {part!r}. Use ops.slice(x, start, shape)."
        )
    return operator.index(part)


def _resolve_key(call: dict[str, Any]) -> None:
    x, key = call["x"], call["key"]
    used = sum(item is not None and item is not Ellipsis for item in key)
    if used > x.ndim or key.count(Ellipsis) > 1:
        raise OutOfRangeError(f"Index {key} does not fit an array of shape {shown(x.shape)}.")
    if Ellipsis in key:
        place = key.index(Ellipsis)
        key = (*key[:place], *[Slice()] * (x.ndim - used), *key[place + 1 :])
    resolved: list[Any] = []
    flipped = []
    axis = 0
    for item in key:
        if item is not None:
            item = _checked(item, x.shape[axis], axis)
            if isinstance(item, Slice) and item.step is not None and item.step < 0:
                flipped.append(axis)
                item = _reversed(item)
            axis += 1
        resolved.append(item)
    while resolved and resolved[-1] == Slice():
        resolved.pop()
    call["x"] = flip(x, flipped) if flipped else x
    call["key"] = tuple(resolved)


def _checked(item: Any, size: Size, axis: int) -> Any:
    if isinstance(item, Slice):
        if item.step == 0:
            raise ArgumentError(f"The step of a slice must not be 0 (axis {axis}).")
        covers = item.start in (None, 0) and item.stop in (None, size) and item.step in (None, 1)
        return Slice() if covers else item
    if isinstance(size, int) and isinstance(item, int) and not -size <= item < size:
        raise OutOfRangeError(f"Index {item} is out of range for axis {axis} of size {size}.")
    return item


def _reversed(item: Slice) -> Slice:
    """The slice of a reversed axis that takes what `item`, with its negative step, takes of the axis itself."""
    start, stop = (None if part is None else -1 - part for part in (item.start, item.stop))
    return Slice(start, stop, -item.step if item.step != -1 else None)  # type: ignore[operator]


def _entries(shape: tuple[Size, ...], key: tuple[Any, ...]) -> list[tuple[Size, Size, int, bool]]:
    """(first index, count, step, whether the axis stays) for each axis of an array indexed by `key`."""
    items = [item for item in key if item is not None]
    found = []
    for i, size in enumerate(shape):
        item = items[i] if i < len(items) else Slice()
        if isinstance(item, Slice):
            found.append((*item.resolve(size), item.step or 1, True))
        else:
            found.append((size + item if item < 0 else item, 1, 1, False))
    return found


def _getitem(x: Array, key: Any) -> Spec:
    """Basic indexing, `x[key]`.

    Arguments:
        x: Array.
        key: An integer, slice (negative steps too), None (a new axis), Ellipsis, or a tuple of these. One entry may be
            an array of integers: then `take` selects along that axis.

    Returns:
        Array of the dtype of x.

    Raises:
        ShapeError: for an integer out of range, or more entries than axes.
        DtypeError: for a boolean mask, whose result would have a shape that depends on data.

    Source: array API standard 2024.12, indexing.

    Example:
        >>> ops.getitem([[1, 2], [3, 4]], (slice(None), -1)).tolist()
        [2, 4]
    """
    counts = iter([(count, stays) for _, count, _, stays in _entries(x.shape, key)])
    shape: list[Size] = []
    for item in key:
        if item is None:
            shape.append(1)
            continue
        count, stays = next(counts)
        if stays:
            shape.append(count)
    shape += [count for count, _ in counts]
    return Spec(tuple(shape), x.dtype)


def _key_case(label: str, *key: Any, x: Sample = _X, edges: bool = True) -> Case:
    return Case((x,), {"key": key[0] if len(key) == 1 else key}, label, FLOATS, EXACT, edges=edges)


_all = slice(None)
getitem = _Indexing(
    _getitem,
    composite=False,
    name="getitem",
    canonical=_resolve_key,
    cases=[
        _key_case("integer", 0, edges=False),
        _key_case("last", -1, edges=False),
        _key_case("inner integer", _all, -2),
        _key_case("range", _all, slice(1, 4), slice(-2, None)),
        _key_case("beyond", _all, slice(3, 9)),
        _key_case("empty", _all, slice(3, 2)),
        _key_case("step", _all, slice(0, None, 2)),
        _key_case("uneven step", _all, slice(1, 4, 2), 1),
        _key_case("backwards", _all, slice(None, None, -1)),
        _key_case("backwards by two", _all, slice(-1, 0, -2), slice(1, None, -1)),
        _key_case("new axes", None, _all, None, 0),
        _key_case("ellipsis", ..., slice(0, 2)),
        _key_case("ellipsis in the middle", slice(1, None), ..., None, -1),
        _key_case("batch", slice(None, -1)),
        _key_case("batch of known size", slice(0, 2)),
        _key_case("symbolic", _all, slice(0, _BATCH), x=Sample(("batch", 9))),
        _key_case("everything", ..., x=Sample(())),
        _key_case("scalar", None, x=Sample(())),
        _key_case("one element", 0, -1, 2, x=Sample((1, 1, 3))),
        _key_case("of an empty array", _all, slice(0, 1), x=Sample((0, 3))),
        _key_case("steps beyond", slice(None, None, 9), slice(None, None, -9), x=Sample((4, 3))),
        in_every_dtype(Sample((4, 5)), key=(slice(None, None, -2), slice(1, 4))),
    ],
)


@getitem.meaning
def _(x: Any, key: Any) -> Any:
    return x[tuple(item.python() if isinstance(item, Slice) else item for item in key)]


@getitem.vjp
def _(g: Any, y: Any, x: Any, key: Any) -> Any:
    entries = _entries(x.shape, key)
    g = reshape(g, tuple(count for _, count, _, _ in entries))
    if any(count == 0 for _, count, _, _ in entries):
        return zeros(x.shape, g.dtype)
    widths = []
    for axis, (start, count, step, _) in enumerate(entries):
        g = _dilate(g, axis, step)
        widths.append((start, x.shape[axis] - start - ((count - 1) * step + 1)))
    return constant_pad(g, tuple(widths), 0) if any(pair != (0, 0) for pair in widths) else g


def _dilate(x: Any, axis: int, step: int) -> Any:
    """Zeros between the elements along an axis, so that `x` is every `step`-th of the result."""
    if step == 1:
        return x
    before, count, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    widths = [(0, 0)] * (x.ndim + 1)
    widths[axis + 1] = (0, step - 1)
    spaced = reshape(constant_pad(expand_dims(x, axis + 1), tuple(widths), 0), (*before, count * step, *after))
    return getitem(spaced, (*[slice(None)] * axis, slice(0, (count - 1) * step + 1)))


get_item = getitem


def integer_indices(*names: str) -> Any:
    """Canonical form: these operands are arrays of integers."""

    def canonical(call: dict[str, Any]) -> None:
        for name in names:
            if not call[name].dtype.is_integer:
                raise DtypeError(f"{name} must be integers, got {call[name].dtype}. Cast them with ops.cast.")
            call[name] = _narrow(call[name])

    return canonical


def _narrow(indices: Any) -> Any:
    """Indices known while tracing in int32, so that NumPy's int64 does not make the whole graph a 64-bit one."""
    builder = current_builder()
    array = builder.constants.get(indices) if builder and isinstance(indices, Value) else None
    if isinstance(indices, Literal):
        array = np.asarray(indices.value)
    if array is None or (array.dtype.itemsize < 8 and isinstance(indices, Value)):
        return indices
    if array.size and not -(2**31) <= array.min() <= array.max() < 2**31:
        return indices
    return builder.constant(array.astype(np.int32))  # type: ignore[union-attr]


def _flatten_without_axis(*names: str) -> Any:
    def canonical(call: dict[str, Any]) -> None:
        if call["axis"] is None:
            for name in names:
                call[name] = reshape(call[name], (-1,))
            call["axis"] = 0
        call["axis"] = axis_index(call["axis"], call["x"].ndim)

    return canonical


def in_range(indices: np.ndarray, size: int) -> np.ndarray:
    """The module's rule for indices, in NumPy."""
    return np.clip(np.where(indices < 0, indices + size, indices), 0, size - 1)


_INDICES = Sample((2, 4), -5, 4, dtype="int32")


def _of(dtype: str) -> Sample:
    """Indices of a dtype, negative and out of range ones too."""
    return Sample(values=[0, 4, 3, 120] if dtype.startswith("u") else [0, 4, -5, -120, 120], dtype=dtype)


@primitive(
    canonical=chained(integer_indices("indices"), _flatten_without_axis("x")),
    cases=[
        moved("axis", _X, _INDICES, axis=1),
        moved("divergence-14", _X, Sample(values=[9, -9, 5, -5, -6, 2**31 - 1, -(2**31)], dtype="int32"), axis=1),
        moved("divergence-15", _X, Sample(values=-2, dtype="int32"), axis=1),
        moved("flat", Sample((4, 3)), Sample(("batch",), -12, 11, dtype="int32")),
        Case(
            (Sample((7, 3)), Sample(("batch", 6), 0, 6, dtype="int32")),
            {"axis": 0},
            "rows",
            bound=Bound(0, gradient=8),
        ),
        moved("first of a vector", Sample((5,)), Sample(values=0, dtype="int32"), axis=0),
        moved("nothing", _X, Sample((0,), dtype="int32"), axis=1),
        in_every_dtype(Sample((5, 3)), _INDICES, axis=0),
        *(moved(f"{dtype} indices", Sample((5, 3)), _of(dtype), axis=0) for dtype in ALL_INTEGERS),
    ],
)
def take(x: Array, indices: Array, axis: int | None = None) -> Spec:
    """Elements of x at indices along an axis: y[..., j, ...] = x[..., indices[j], ...].

    Arguments:
        x: Array.
        indices: Integers of any shape, which replaces the axis. Negative ones count from the end; those out of range
            are clamped to the nearest element.
        axis: The axis; None takes from the flattened array.

    Returns:
        Array of shape x.shape[:axis] + indices.shape + x.shape[axis + 1:].

    Raises:
        DtypeError: if the indices are not integers.

    Source: array API standard 2024.12, take.

    Example:
        >>> ops.take([10, 20, 30], [2, 0, -1]).tolist()
        [30, 10, 30]
    """
    return Spec((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype)  # type: ignore[operator]


@take.meaning
def _(x: Any, indices: Any, axis: Any) -> Any:
    return np.take(x, in_range(indices, x.shape[axis]), axis)


@take.vjp
def _(g: Any, y: Any, x: Any, indices: Any, axis: int) -> Any:
    rest = (*x.shape[:axis], *x.shape[axis + 1 :])
    count = indices.ndim
    order = (*range(axis, axis + count), *range(axis), *range(axis + count, g.ndim))
    rows = reshape(transpose(g, order), (product(indices.shape), *rest))
    total = OPS["scatter_rows"](zeros((x.shape[axis], *rest), g.dtype), reshape(indices, (-1,)), rows, "add")
    return transpose(total, (*range(1, axis + 1), 0, *range(axis + 1, x.ndim))), None


def _broadcast_except(call: dict[str, Any]) -> None:
    x, indices, axis = call["x"], call["indices"], call["axis"]
    if x.ndim != indices.ndim:
        raise ShapeError(f"indices must have as many axes as x, {x.ndim}, got {indices.ndim}.")
    around = [(*s[:axis], 1, *s[axis + 1 :]) for s in (x.shape, indices.shape)]
    common = broadcast_shapes(*around)
    for name, value in (("x", x), ("indices", indices)):
        shape = (*common[:axis], value.shape[axis], *common[axis + 1 :])
        call[name] = value if value.shape == shape else broadcast_to(value, shape)


@primitive(
    canonical=chained(integer_indices("indices"), _flatten_without_axis("x", "indices"), _broadcast_except),
    cases=[
        moved("last", _X, Sample(("batch", 5, 2), -3, 2, dtype="int32"), axis=-1),
        moved("middle", _X, Sample(("batch", 1, 3), 0, 4, dtype="int32"), axis=1),
        moved("broadcast", _X, Sample((1, 2, 1), 0, 4, dtype="int32"), axis=1),
        moved("divergence-14", _X, Sample(("batch", 2, 3), -20, 20, dtype="int32"), axis=1),
        moved("flat", Sample((4, 3)), Sample((5,), 0, 11, dtype="int32")),
        in_every_dtype(Sample((4, 5)), Sample((4, 2), -5, 4, dtype="int32"), axis=1),
        *(moved(f"{dtype} indices", Sample((5,)), _of(dtype), axis=0) for dtype in ALL_INTEGERS),
    ],
)
def take_along_axis(x: Array, indices: Array, axis: int | None = None) -> Spec:
    """Elements of x along an axis, chosen separately at every place of the others.

    y[i, j, k] = x[i, indices[i, j, k], k] for axis 1.

    Arguments:
        x: Array.
        indices: Integers, as many axes as x; the other axes broadcast against those of x. Negative ones count from the
            end; those out of range are clamped to the nearest element.
        axis: The axis; None flattens both.

    Returns:
        Array of the broadcast shape, with the size of `indices` along the axis.

    Raises:
        DtypeError: if the indices are not integers.
        ShapeError: if the shapes do not fit.

    Source: array API standard 2024.12, take_along_axis.

    Example:
        >>> ops.take_along_axis([[1, 2], [3, 4]], [[1], [0]], axis=1).tolist()
        [[2], [3]]
    """
    return like(indices, x.dtype)


@take_along_axis.meaning
def _(x: Any, indices: Any, axis: Any) -> Any:
    return np.take_along_axis(x, in_range(indices, x.shape[axis]).astype(np.intp), axis)


@take_along_axis.vjp
def _(g: Any, y: Any, x: Any, indices: Any, axis: int) -> Any:
    places: Any = 0
    for i, size in enumerate(x.shape):
        along = clamped(indices, size) if i == axis else reshape(iota(size), (size, *[1] * (x.ndim - i - 1)))
        places = places * number(size) + along if i else along
    places = reshape(broadcast_to(places, g.shape), (-1,))
    total = OPS["scatter_rows"](zeros((product(x.shape),), g.dtype), places, reshape(g, (-1,)), "add")
    return reshape(total, x.shape), None


def clamped(indices: Any, size: Size) -> Any:
    """The module's rule for indices, as ops."""
    if indices.dtype.bits < 32:
        indices = OPS["cast"](indices, dtypes.int32)
    wrapped = OPS["where"](indices < 0, indices + number(size), indices)
    return OPS["minimum"](OPS["maximum"](wrapped, 0), number(size - 1))
