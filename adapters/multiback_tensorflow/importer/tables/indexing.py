"""Slices, gathering, scattering, sorting, and segments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import ArgumentError
from multiback.graph.dims import product
from multiback.porting.host_values import as_size, as_sizes, is_host
from multiback_tensorflow.importer.folding import strided_key
from multiback_tensorflow.importer.interpreter import operand
from multiback_tensorflow.importer.tables.shaping import axes_of

Handler = Callable[..., Any]


def _strided_slice(x: Any, begin: Any, end: Any, strides: Any, **masks: Any) -> Any:
    steps = axes_of(strides, "the strides of StridedSlice")
    if is_host(begin) and is_host(end):
        first, last = as_sizes(begin, "the begin of StridedSlice"), as_sizes(end, "the end of StridedSlice")
        key = strided_key(masks, first, last, steps, x.ndim)
        return x if all(k == slice(None) or k is Ellipsis for k in key) else x[_bounded(key, x.shape)]
    return _computed_slice(x, begin, steps, masks)


def _bounded(key: tuple[Any, ...], shape: tuple[Any, ...]) -> tuple[Any, ...]:
    """Slices that end beyond any axis, open at the end: such large numbers stand for "all"."""
    return tuple(
        slice(k.start, None, k.step)
        if isinstance(k, slice) and isinstance(k.stop, int) and k.stop >= 2**31 - 1 and (k.step or 1) > 0
        else k
        for k in key
    )


def _computed_slice(x: Any, begin: Any, steps: tuple[int, ...], masks: dict[str, Any]) -> Any:
    """x[i] and x[..., i] with indices that the graph computes: only axes that are taken away have such."""
    shrink = masks.get("shrink_axis_mask", 0)
    place = 0
    index: list[Any] = []
    for i in range(len(steps)):
        if masks.get("ellipsis_mask", 0) >> i & 1:
            place = x.ndim - (len(steps) - i - 1)
            continue
        if shrink >> i & 1:
            index.append((place, begin[i]))
        elif not (masks.get("begin_mask", 0) >> i & 1 and masks.get("end_mask", 0) >> i & 1 and steps[i] == 1):
            raise ArgumentError("the bounds of a slice must be known while the graph is built, but depend on data.")
        place += 1
    for axis, i in reversed(index):
        x = ops.take(x, i, axis)
    return x


def _slice(x: Any, begin: Any, size: Any, **_: Any) -> Any:
    counts = as_sizes(size, "the size of Slice")
    if is_host(begin):
        first = as_sizes(begin, "the begin of Slice")
        key = tuple(
            slice(None if isinstance(b, int) and b == 0 else b, None if isinstance(n, int) and n == -1 else b + n)
            for b, n in zip(first, counts)
        )
        return x[tuple(slice(k.start, None) if k.stop == m else k for k, m in zip(key, x.shape))]
    return ops.dynamic_slice(
        x, begin, tuple(m if isinstance(n, int) and n == -1 else n for n, m in zip(counts, x.shape))
    )


def _gather(x: Any, indices: Any, axis: Any, batch_dims: int = 0, **_: Any) -> Any:
    place = axes_of(axis)[0] % x.ndim
    batch = batch_dims % (indices.ndim + 1) if batch_dims < 0 else batch_dims
    return gather(x, indices, place, batch)


def gather(x: Any, indices: Any, axis: int, batch: int = 0) -> Any:
    """x taken along `axis`, with the first `batch` axes of both running together."""
    if batch == 0:
        return ops.take(x, indices, axis)
    lead = x.shape[:batch]
    if axis != batch:
        x = ops.moveaxis(x, axis, batch)
    inner = indices.shape[batch:]
    count = product(inner)
    flat = ops.reshape(indices, (*lead, count, *[1] * (x.ndim - batch - 1)))
    taken = ops.take_along_axis(x, ops.broadcast_to(flat, (*lead, count, *x.shape[batch + 1 :])), batch)
    taken = ops.reshape(taken, (*lead, *inner, *x.shape[batch + 1 :]))
    if axis == batch:
        return taken
    moved = range(batch, batch + len(inner))
    return ops.moveaxis(taken, tuple(moved), tuple(i + axis - batch for i in moved))


def _gather_old(x: Any, indices: Any, **_: Any) -> Any:
    return ops.take(x, indices, 0)


def gather_nd(x: Any, indices: Any, batch: int = 0) -> Any:
    """Elements or slices of x at coordinates given by the last axis of `indices`."""
    depth = indices.shape[-1]
    if not isinstance(depth, int):
        raise ArgumentError(f"the last axis of the indices of GatherNd must have a known size, got {depth}.")
    lead, sizes, rest = x.shape[:batch], x.shape[batch : batch + depth], x.shape[batch + depth :]
    if depth == 0:
        return ops.broadcast_to(x, (*indices.shape[:-1], *x.shape))
    place: Any = 0
    for axis, size in enumerate(sizes):
        coordinate = indices[..., axis]
        place = coordinate if axis == 0 else place * ops.cast(size, coordinate.dtype) + coordinate
    flat = ops.reshape(x, (*lead, product(sizes), *rest))
    return gather(flat, place, batch, batch)


def _scatter_nd(indices: Any, updates: Any, shape: Any, **_: Any) -> Any:
    return ops.scatter_update(
        ops.zeros(as_sizes(shape, "the shape of ScatterNd"), updates.dtype), indices, updates, "add"
    )


def _tensor_scatter(reduction: str | None, sign: int = 1) -> Handler:
    def scatter(x: Any, indices: Any, updates: Any, **_: Any) -> Any:
        return ops.scatter_update(x, indices, updates if sign > 0 else ops.negative(updates), reduction)

    return scatter


def _top_k(x: Any, k: Any, **attributes: Any) -> Any:
    values, indices = ops.top_k(x, as_size(k, "k of TopK"))
    return values, ops.cast(indices, attributes.get("index_type", "int32"))


def _top_k_old(x: Any, k: int, **_: Any) -> Any:
    values, indices = ops.top_k(x, k)
    return values, ops.cast(indices, "int32")


def _in_top_k(predictions: Any, targets: Any, k: Any, **_: Any) -> Any:
    return ops.in_top_k(targets, predictions, as_size(k, "k of InTopK"))


def _arg(function: Handler) -> Handler:
    def handler(x: Any, axis: Any, output_type: str = "int64", **_: Any) -> Any:
        return ops.cast(function(x, axis=axes_of(axis)[0]), output_type)

    return handler


def _segments(reduction: str, start: str) -> Handler:
    def handler(x: Any, segments: Any, count: Any, **_: Any) -> Any:
        number = as_size(count, "the number of segments")
        rest = x.shape[segments.ndim :]
        rows = ops.reshape(x, (product(segments.shape), *rest))
        ids = ops.reshape(segments, (product(segments.shape),))
        if reduction == "add":
            # A negative number means that the row belongs to no segment.
            inside = ops.reshape(ids >= 0, (rows.shape[0], *[1] * len(rest)))
            rows = ops.where(inside, rows, ops.zeros_like(rows))
            return ops.scatter_rows(ops.zeros((number, *rest), x.dtype), ops.maximum(ids, 0), rows, "add")
        return ops.scatter_rows(ops.full((number, *rest), _extreme(x.dtype, start), x.dtype), ids, rows, reduction)

    return handler


def _extreme(dtype: Any, start: str) -> Any:
    if start == "one":
        return 1
    info = np.iinfo(dtype.numpy) if dtype.is_integer else np.finfo(dtype.numpy)
    return np.asarray(info.min if start == "lowest" else info.max).item()


def _sorted_segments(reduction: str, start: str) -> Handler:
    unsorted = _segments(reduction, start)

    def handler(x: Any, segments: Any, **_: Any) -> Any:
        count = 1 + max(axes_of(segments, "the segments of a reduction"), default=-1)
        found = unsorted(x, operand(segments), np.asarray(count))
        # A segment without rows is 0 (1 for products), not the start of a maximum.
        empty = np.setdiff1d(np.arange(count), segments)
        return found if reduction in ("add", "mul") or not empty.size else _zeroed(found, empty)

    return handler


def _zeroed(x: Any, rows: np.ndarray) -> Any:
    kept = np.isin(np.arange(x.shape[0]), rows, invert=True).reshape(-1, *[1] * (x.ndim - 1))
    return ops.where(kept, x, ops.zeros_like(x))


def _segment_means(x: Any, segments: Any, **_: Any) -> Any:
    known = axes_of(segments, "the segments of a reduction")
    counts = np.maximum(np.bincount(known), 1).reshape(-1, *[1] * (x.ndim - 1))
    return _sorted_segments("add", "zero")(x, segments) / operand(counts.astype(x.dtype.numpy))


def _unravel(indices: Any, shape: Any, **_: Any) -> Any:
    found, rest = [], indices
    for size in reversed(axes_of(shape, "the shape of UnravelIndex")):
        found.append(ops.mod(rest, size))
        rest = ops.floor_divide(rest, size)
    return ops.stack(found[::-1], 0)


def _invert_permutation(x: Any, **_: Any) -> Any:
    return ops.cast(ops.argsort(x), x.dtype)


def _search(before: Handler) -> Handler:
    def handler(rows: Any, values: Any, out_type: str, **_: Any) -> Any:
        found = before(rows[:, None, :], values[:, :, None])
        return ops.cast(ops.sum(ops.cast(found, "int32"), axis=-1), out_type)

    return handler


def _dense_bincount(x: Any, size: Any, weights: Any, binary_output: bool, **_: Any) -> Any:
    count = as_size(size, "the size of Bincount")
    hot = ops.one_hot(x, count, -1, weights.dtype)
    if product(weights.shape) != 0:
        hot = hot * weights[..., None]
    total = ops.max(hot, axis=-2) if binary_output else ops.sum(hot, axis=-2)
    return total


def _stitch(*inputs: Any, N: int, **_: Any) -> Any:
    if not all(is_host(i) for i in inputs[:N]):
        raise ArgumentError("the places of DynamicStitch must be known while the graph is built.")
    places = [np.asarray(i) for i in inputs[:N]]
    data = [operand(x) for x in inputs[N:]]
    parts = [ops.reshape(x, (p.size, *x.shape[p.ndim :])) for p, x in zip(places, data)]
    flat = np.concatenate([p.reshape(-1) for p in places])
    last = {int(p): i for i, p in enumerate(flat)}
    order = np.asarray([last[p] for p in sorted(last)], np.int32)
    if sorted(last) != list(range(len(last))):
        raise ArgumentError("the places of DynamicStitch leave gaps, where values are not defined.")
    return ops.take(ops.concatenate(parts, 0), order, 0)


def _nth(x: Any, n: Any, reverse: bool, **_: Any) -> Any:
    ordered = ops.sort(x, -1)
    place = as_size(n, "n of NthElement")
    return ordered[..., -1 - place if reverse else place]


HANDLERS: dict[str, Handler] = {
    "ArgMax": _arg(ops.argmax),
    "ArgMin": _arg(ops.argmin),
    "DenseBincount": _dense_bincount,
    "DynamicStitch": _stitch,
    "ParallelDynamicStitch": _stitch,
    "Gather": _gather_old,
    "GatherNd": lambda x, indices, **_: gather_nd(x, indices),
    "GatherV2": _gather,
    "InTopKV2": _in_top_k,
    "InTopK": _in_top_k,
    "InvertPermutation": _invert_permutation,
    "LowerBound": _search(ops.less),
    "NthElement": _nth,
    "ScatterNd": _scatter_nd,
    "SegmentMax": _sorted_segments("max", "lowest"),
    "SegmentMean": _segment_means,
    "SegmentMin": _sorted_segments("min", "highest"),
    "SegmentProd": _sorted_segments("mul", "one"),
    "SegmentSum": _sorted_segments("add", "zero"),
    "Slice": _slice,
    "StridedSlice": _strided_slice,
    "TensorScatterAdd": _tensor_scatter("add"),
    "TensorScatterMax": _tensor_scatter("max"),
    "TensorScatterMin": _tensor_scatter("min"),
    "TensorScatterSub": _tensor_scatter("add", -1),
    "TensorScatterUpdate": _tensor_scatter(None),
    "TopK": _top_k_old,
    "TopKV2": _top_k,
    "UnravelIndex": _unravel,
    "UnsortedSegmentMax": _segments("max", "lowest"),
    "UnsortedSegmentMin": _segments("min", "highest"),
    "UnsortedSegmentProd": _segments("mul", "one"),
    "UnsortedSegmentSum": _segments("add", "zero"),
    "UpperBound": _search(ops.less_equal),
}

STATIC: dict[str, tuple[int, ...]] = {
    "ArgMax": (1,),
    "ArgMin": (1,),
    "DenseBincount": (1,),
    "DynamicStitch": tuple(range(1000)),
    "ParallelDynamicStitch": tuple(range(1000)),
    "GatherV2": (2,),
    "InTopKV2": (2,),
    "NthElement": (1,),
    "ScatterNd": (2,),
    **{f"Segment{kind}": (1,) for kind in ("Max", "Mean", "Min", "Prod", "Sum")},
    "Slice": (1, 2),
    "StridedSlice": (1, 2, 3),
    "TopKV2": (1,),
    "UnravelIndex": (1,),
    "UnsortedSegmentMax": (2,),
    "UnsortedSegmentMin": (2,),
    "UnsortedSegmentProd": (2,),
    "UnsortedSegmentSum": (2,),
}
