"""Shapes, views, joining and splitting, and arrays made of nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import ArgumentError
from multiback.graph.dims import Dim, divide_exactly, product
from multiback.porting.host_values import as_size, as_sizes, host, is_host, sizes

Handler = Callable[..., Any]


def axes_of(x: Any, what: str = "the axes") -> tuple[int, ...]:
    """A host value as integers that are known.

    Raises:
        ArgumentError: if one depends on data or on the batch.
    """
    found = as_sizes(x, what)
    if any(isinstance(item, Dim) for item in found):
        raise ArgumentError(f"{what} must be known numbers, got {found}.")
    return found  # type: ignore[return-value]


def _shape(x: Any, out_type: str, **_: Any) -> Any:
    return sizes(x.shape, out_type)


def _shapes(*xs: Any, out_type: str, **_: Any) -> Any:
    return [sizes(x.shape, out_type) for x in xs]


def _size(x: Any, out_type: str, **_: Any) -> Any:
    return host(product(x.shape), out_type)


def _rank(x: Any, **_: Any) -> Any:
    return np.asarray(len(x.shape), np.int32)


def _reshape(x: Any, shape: Any, **_: Any) -> Any:
    target = list(as_sizes(shape, "the shape of Reshape"))
    if -1 in target:
        place = target.index(-1)
        rest = product(target[:place] + target[place + 1 :])
        total = product(x.shape)
        missing = divide_exactly(total, rest)
        if missing is None:
            missing = total // rest
        target[place] = missing
    return x if tuple(target) == tuple(x.shape) else ops.reshape(x, tuple(target))


def _squeeze(x: Any, squeeze_dims: Sequence[int], **_: Any) -> Any:
    return ops.squeeze(x, tuple(squeeze_dims) or tuple(i for i, n in enumerate(x.shape) if n == 1 and n is not True))


def _expand_dims(x: Any, axis: Any, **_: Any) -> Any:
    return ops.expand_dims(x, axes_of(axis)[0])


def _transpose(x: Any, axes: Any, **_: Any) -> Any:
    order = tuple(a % x.ndim for a in axes_of(axes))
    return x if order == tuple(range(x.ndim)) else ops.transpose(x, order)


def _conjugate_transpose(x: Any, axes: Any, **_: Any) -> Any:
    return ops.conj(_transpose(x, axes))


def _concat(*values: Any, **_: Any) -> Any:
    parts = values[:-1]
    return parts[0] if len(parts) == 1 else ops.concatenate(parts, axes_of(values[-1])[0])


def _concat_first(*values: Any, **_: Any) -> Any:
    return ops.concatenate(values[1:], axes_of(values[0])[0])


def _pack(*parts: Any, axis: int, **_: Any) -> Any:
    return ops.stack(parts, axis)


def _unpack(x: Any, axis: int, num: int, **_: Any) -> Any:
    return list(ops.unstack(x, num, axis))


def _split(axis: Any, x: Any, num_split: int, **_: Any) -> Any:
    return list(ops.split(x, num_split, axes_of(axis)[0])) if num_split > 1 else [x]


def _split_sizes(x: Any, parts: Any, axis: Any, **_: Any) -> Any:
    place = axes_of(axis)[0] % x.ndim
    counts = list(as_sizes(parts, "the sizes of SplitV"))
    if -1 in counts:
        hole = counts.index(-1)
        counts[hole] = 0
        total: Any = x.shape[place]
        for count in counts:
            total = total - count
        counts[hole] = total
    found: list[Any] = []
    start: Any = 0
    for count in counts:
        key = (*[slice(None)] * place, slice(start, start + count))
        found.append(x[key])
        start = start + count
    return found


def _tile(x: Any, repeats: Any, **_: Any) -> Any:
    counts = as_sizes(repeats, "the repeats of Tile")
    if all(isinstance(n, int) for n in counts):
        return ops.tile(x, counts)
    spread = tuple(size for n, m in zip(counts, x.shape) for size in (n, m))
    placed = ops.reshape(x, tuple(size for m in x.shape for size in (1, m)))
    return ops.reshape(ops.broadcast_to(placed, spread), tuple(n * m for n, m in zip(counts, x.shape)))


def _broadcast_to(x: Any, shape: Any, **_: Any) -> Any:
    return ops.broadcast_to(x, as_sizes(shape, "the shape of BroadcastTo"))


def _fill(shape: Any, value: Any, **attributes: Any) -> Any:
    target = as_sizes(shape, "the shape of Fill")
    if is_host(value) and np.asarray(value).dtype != object:
        return ops.full(target, np.asarray(value).item(), attributes.get("T"))
    return ops.broadcast_to(value, target)


def _zeros_like(x: Any, **_: Any) -> Any:
    return ops.zeros(x.shape, x.dtype)


def _ones_like(x: Any, **_: Any) -> Any:
    return ops.ones(x.shape, x.dtype)


def _range(start: Any, limit: Any, delta: Any, Tidx: str, **_: Any) -> Any:
    if all(is_host(x) and np.asarray(x).dtype.kind == "f" for x in (start, limit, delta)):
        # TensorFlow adds up from the start: start + i * delta.
        number = max(0, int(np.ceil((np.float64(limit) - np.float64(start)) / np.float64(delta))))
        return ops.cast(ops.iota(number), Tidx) * delta.item() + start.item()
    first, last, step = (as_size(x, "a bound of Range") for x in (start, limit, delta))
    if isinstance(step, Dim):
        raise ArgumentError(f"the step of Range must be a known number, got {step}.")
    span: Any = last - first if step > 0 else first - last
    count: Any = (span + abs(step) - 1) // abs(step) if abs(step) != 1 else span
    count = max(count, 0) if isinstance(count, int) else count
    values: Any = ops.cast(ops.iota(count), Tidx)
    values = values * step if step != 1 else values
    return values if first == 0 and isinstance(first, int) else values + ops.cast(first, Tidx)


def _linspace(start: Any, stop: Any, num: Any, **attributes: Any) -> Any:
    return ops.linspace(start, stop, axes_of(num, "the length of LinSpace")[0], dtype=attributes["T"])


def _one_hot(indices: Any, depth: Any, on: Any, off: Any, axis: int, **attributes: Any) -> Any:
    count = as_size(depth, "the depth of OneHot")
    place = indices.ndim if axis == -1 else axis
    if is_host(on) and is_host(off) and (np.asarray(on).item(), np.asarray(off).item()) == (1, 0):
        return ops.one_hot(indices, count, place, attributes["T"])
    hot = ops.one_hot(indices, count, place, "int32")
    return ops.where(ops.equal(hot, 1), _number(on), _number(off))


def _number(x: Any) -> Any:
    return np.asarray(x) if is_host(x) else x


def _empty(shape: Any, dtype: str, **_: Any) -> Any:
    return ops.zeros(as_sizes(shape, "the shape of Empty"), dtype)


def _broadcast_args(a: Any, b: Any, **_: Any) -> Any:
    raise ArgumentError("shapes that depend on data cannot be broadcast while the graph is built.")


def _reverse(x: Any, axes: Any, **_: Any) -> Any:
    found = axes_of(axes)
    return ops.flip(x, found) if found else x


def _reverse_sequence(x: Any, lengths: Any, seq_dim: int, batch_dim: int, **_: Any) -> Any:
    count = x.shape[seq_dim]
    places = ops.reshape(ops.iota(count), tuple(count if a == seq_dim else 1 for a in range(x.ndim)))
    ends = ops.reshape(
        ops.cast(lengths, "int32"), tuple(x.shape[batch_dim] if a == batch_dim else 1 for a in range(x.ndim))
    )
    index = ops.where(ops.less(places, ends), ends - 1 - places, places)
    return ops.take_along_axis(x, ops.broadcast_to(index, x.shape), seq_dim)


def _roll(x: Any, shift: Any, axis: Any, **_: Any) -> Any:
    for amount, place in zip(axes_of(shift, "the shift of Roll"), axes_of(axis)):
        x = ops.roll(x, amount, place)
    return x


def _meshless_pad(x: Any, widths: Any, value: Any = 0) -> Any:
    flat = as_sizes(np.reshape(host(widths), -1), "the widths of Pad")
    pairs = tuple(zip(flat[::2], flat[1::2]))
    if is_host(value):
        return ops.constant_pad(x, pairs, np.asarray(value).item())
    inside = ops.constant_pad(ops.ones(x.shape, "bool"), pairs, False)
    return ops.where(inside, ops.constant_pad(x, pairs, 0), value)


def _pad(x: Any, widths: Any, **_: Any) -> Any:
    return _meshless_pad(x, widths)


def _pad_value(x: Any, widths: Any, value: Any, **_: Any) -> Any:
    return _meshless_pad(x, widths, value)


def _mirror_pad(x: Any, widths: Any, mode: str, **_: Any) -> Any:
    flat = axes_of(np.reshape(host(widths), -1), "the widths of MirrorPad")
    pairs = tuple(zip(flat[::2], flat[1::2]))
    return ops.pad(x, pairs, "reflect" if mode == "REFLECT" else "symmetric")


HANDLERS: dict[str, Handler] = {
    "BroadcastArgs": _broadcast_args,
    "BroadcastGradientArgs": _broadcast_args,
    "BroadcastTo": _broadcast_to,
    "ConcatOffset": lambda *_, **__: _broadcast_args(None, None),
    "ConcatV2": _concat,
    "Concat": _concat_first,
    "ConjugateTranspose": _conjugate_transpose,
    "Empty": _empty,
    "ExpandDims": _expand_dims,
    "Fill": _fill,
    "LinSpace": _linspace,
    "MirrorPad": _mirror_pad,
    "OneHot": _one_hot,
    "OnesLike": _ones_like,
    "Pack": _pack,
    "Pad": _pad,
    "PadV2": _pad_value,
    "ParallelConcat": lambda *xs, **_: ops.concatenate(xs, 0),
    "Range": _range,
    "Rank": _rank,
    "Reshape": _reshape,
    "ReverseSequence": _reverse_sequence,
    "ReverseV2": _reverse,
    "Roll": _roll,
    "Shape": _shape,
    "ShapeN": _shapes,
    "Size": _size,
    "Split": _split,
    "SplitV": _split_sizes,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unpack": _unpack,
    "ZerosLike": _zeros_like,
}

STATIC: dict[str, tuple[int, ...]] = {
    "BroadcastTo": (1,),
    "ConcatV2": (-1,),
    "Concat": (0,),
    "ConjugateTranspose": (1,),
    "Empty": (0,),
    "ExpandDims": (1,),
    "Fill": (0, 1),
    "LinSpace": (2,),
    "MirrorPad": (1,),
    "OneHot": (1, 2, 3),
    "Pad": (1,),
    "PadV2": (1, 2),
    "Range": (0, 1, 2),
    "Reshape": (1,),
    "ReverseV2": (1,),
    "Roll": (1, 2),
    "Split": (0,),
    "SplitV": (1, 2),
    "Tile": (1,),
    "Transpose": (1,),
}
"""The inputs that stay host values; negative ones count from the end."""
