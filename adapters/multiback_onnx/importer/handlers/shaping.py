"""Shapes: reshaping, joining, splitting, slicing, padding, and what is computed from sizes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from multiback import ops
from multiback.graph.dims import Dim, product
from multiback.ops._rules import broadcast_shapes
from multiback.porting import host_values
from multiback_onnx.importer.node import Node, array, axis_index, dtype_of
from multiback_onnx.importer.registry import handler

_FAR = 2**31 - 1


@handler("Constant")
def constant(node: Node) -> Any:
    """A value given as an attribute."""
    for name, dtype in (("value", None), ("value_int", np.int64), ("value_float", np.float32)):
        if node.get(name) is not None:
            return np.asarray(node.get(name), dtype)
    for name, dtype in (("value_ints", np.int64), ("value_floats", np.float32)):
        if node.get(name) is not None:
            return np.asarray(node.get(name), dtype)
    raise node.refuse("only constants that are arrays of numbers are supported, not strings or sparse ones.")


@handler("Shape")
def shape(node: Node, x: Any) -> Any:
    """The sizes of an array, or of a range of its axes."""
    return host_values.sizes(tuple(x.shape)[node.get("start", 0) : node.get("end")])


@handler("Size")
def size(node: Node, x: Any) -> Any:
    """The number of elements."""
    return host_values.host(product(x.shape))


@handler("Reshape")
def reshape(node: Node, x: Any, target: Any) -> Any:
    """The same elements in another shape; 0 keeps a size, -1 is inferred."""
    wanted = list(node.sizes(target, "shape"))
    if not node.get("allowzero", 0):
        wanted = [x.shape[i] if isinstance(n, int) and n == 0 else n for i, n in enumerate(wanted)]
    if -1 in wanted and 0 in x.shape:
        raise node.refuse("a size of an empty array cannot be inferred.")
    return _reshaped(node, x, tuple(wanted))


def _reshaped(node: Node, x: Any, wanted: tuple[Any, ...]) -> Any:
    if not any(isinstance(n, Dim) for n in wanted):
        folded = node.fold("reshape", x, np.asarray(wanted, np.int64))
        if folded is not None:
            return folded
    return ops.reshape(array(x), wanted)


@handler("Flatten")
def flatten(node: Node, x: Any) -> Any:
    """A matrix: the axes before `axis` along the rows, the others along the columns."""
    axis = node.get("axis", 1)
    axis = axis + x.ndim if axis < 0 else axis
    return _reshaped(node, x, (product(x.shape[:axis]), product(x.shape[axis:])))


@handler("Squeeze")
def squeeze(node: Node, x: Any, axes: Any = None) -> Any:
    """Without axes of size 1."""
    given = axes if axes is not None else node.get("axes")
    if given is None:
        found = tuple(i for i, n in enumerate(x.shape) if isinstance(n, int) and n == 1)
    else:
        found = node.axes(given, x.ndim)
    folded = node.fold("squeeze", x, axis=found)
    return ops.squeeze(array(x), found) if folded is None else folded


@handler("Unsqueeze")
def unsqueeze(node: Node, x: Any, axes: Any = None) -> Any:
    """With new axes of size 1."""
    given = node.get("axes") if axes is None else node.integers(axes, "axes")
    found = tuple(sorted(axis_index(a, x.ndim + len(given)) for a in given))
    folded = node.fold("expand_dims", x, axis=found)
    return ops.expand_dims(array(x), found) if folded is None else folded


@handler("Transpose")
def transpose(node: Node, x: Any) -> Any:
    """The axes in another order."""
    order = node.get("perm") or tuple(reversed(range(x.ndim)))
    folded = node.fold("transpose", x, axes=order)
    return ops.transpose(array(x), tuple(order)) if folded is None else folded


@handler("Expand")
def expand(node: Node, x: Any, target: Any) -> Any:
    """Repeated to a shape; both shapes broadcast."""
    wanted = broadcast_shapes(tuple(x.shape), node.sizes(target, "shape"))
    if not any(isinstance(n, Dim) for n in wanted):
        folded = node.fold("broadcast_to", x, np.asarray(wanted, np.int64))
        if folded is not None:
            return folded
    return array(x) if wanted == tuple(x.shape) else ops.broadcast_to(array(x), wanted)


@handler("Tile", 6)
def tile(node: Node, x: Any, repeats: Any) -> Any:
    """Repeated as a whole along its axes."""
    counts = node.sizes(repeats, "repeats")
    if all(isinstance(n, int) for n in counts):
        folded = node.fold("tile", x, np.asarray(counts, np.int64))
        return ops.tile(array(x), counts) if folded is None else folded
    x = array(x)
    spread = tuple(n for size in x.shape for n in (1, size))
    wide = tuple(n for count, size in zip(counts, x.shape, strict=True) for n in (count, size))
    final = tuple(count * size for count, size in zip(counts, x.shape, strict=True))
    return ops.reshape(ops.broadcast_to(ops.reshape(x, spread), wide), final)


@handler("Concat")
def concat(node: Node, *parts: Any) -> Any:
    """Arrays one after another along an axis."""
    axis = axis_index(node.get("axis", 1), parts[0].ndim)
    folded = node.fold("concat", *parts, axis=axis)
    return ops.concat([array(p) for p in parts], axis) if folded is None else folded


@handler("Split")
def split(node: Node, x: Any, sizes: Any = None) -> Any:
    """Parts along an axis: of given sizes, or equal ones, of which the last may be smaller."""
    axis = axis_index(node.get("axis", 0), x.ndim)
    parts = node.get("split") if sizes is None else node.sizes(sizes, "sizes of the parts")
    count = node.get("num_outputs", len(node.outputs))
    total = x.shape[axis]
    if parts is None:
        if not isinstance(total, int):
            return ops.split(array(x), count, axis)
        each = -(-total // count)
        parts = [min(each, max(total - each * i, 0)) for i in range(count)]
    bounds = [sum(parts[: i + 1]) for i in range(len(parts) - 1)]
    if host_values.is_host(x):
        return tuple(np.split(x, bounds, axis))
    if len(parts) == 1:
        return (x,)
    return ops.split(x, bounds, axis) if all(isinstance(b, int) for b in bounds) else _cut(x, [0, *bounds, total], axis)


def _cut(x: Any, bounds: list[Any], axis: int) -> tuple[Any, ...]:
    return tuple(
        x[tuple(slice(a, b) if i == axis else slice(None) for i in range(x.ndim))]
        for a, b in itertools.pairwise(bounds)
    )


@handler("Slice")
def slice_by_attributes(node: Node, x: Any) -> Any:
    """Parts along axes, whose bounds are attributes."""
    starts, ends = node.get("starts"), node.get("ends")
    axes = node.get("axes") or tuple(range(len(starts)))
    return _sliced(node, x, starts, ends, [axis_index(a, x.ndim) for a in axes], [1] * len(starts))


@handler("Slice", 10)
def slice_(node: Node, x: Any, starts: Any, ends: Any, axes: Any = None, steps: Any = None) -> Any:
    """Parts along axes, whose bounds are operands."""
    first, last = node.sizes(starts, "starts"), node.sizes(ends, "ends")
    along = tuple(range(len(first))) if axes is None else node.axes(axes, x.ndim)
    every = [1] * len(first) if steps is None else node.integers(steps, "steps")
    return _sliced(node, x, first, last, along, every)


def _sliced(node: Node, x: Any, starts: Any, ends: Any, axes: Any, steps: Any) -> Any:
    if host_values.is_host(x) and all(isinstance(n, int) for n in (*starts, *ends)):
        folded = host_values.fold("slice", x, starts=starts, ends=ends, axes=axes, steps=steps)
        if folded is not None:
            return folded
    x = array(x)
    if leading := _leading(x, starts, ends, axes, steps):
        # A table of fixed length cut to a size of the inputs: the model is for sizes that are not beyond the table.
        node.run.note(
            f"{node.label} cuts an array of shape {tuple(x.shape)} to {leading}: inputs must not be larger, which "
            "is not checked when the model runs."
        )
        return ops.dynamic_slice(x, np.zeros(x.ndim, np.int32), leading)
    index: list[Any] = [slice(None)] * x.ndim
    flipped = []
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        size = x.shape[axis]
        if step > 0:
            first = None if isinstance(start, int) and (start == 0 or start <= -_FAR) else start
            last = None if (isinstance(end, int) and end >= _FAR) or end == size else end
            if isinstance(size, int) and isinstance(first, int) and first > size:
                first = size
            index[axis] = slice(first, last, step if step != 1 else None)
            continue
        flipped.append(axis)
        if isinstance(size, int) and isinstance(start, int) and isinstance(end, int):
            stop = None if end < -size else end
            taken = range(*slice(start, stop, step).indices(size))
            index[axis] = slice(taken[-1], taken[0] + 1, -step) if len(taken) else slice(0, 0)
        elif start in (-1, _FAR) or (isinstance(start, int) and start >= _FAR and end <= -_FAR and step == -1):
            index[axis] = slice(None)
        else:
            raise node.refuse(f"an axis of size {size} cannot be sliced backwards from {start} to {end}.")
    if any(item != slice(None) for item in index):
        x = x[tuple(index)]
    return ops.flip(x, tuple(flipped)) if flipped else x


def _leading(x: Any, starts: Any, ends: Any, axes: Any, steps: Any) -> tuple[Any, ...] | None:
    """The shape of the first parts of axes of known length, as many elements as a named size says."""
    shape = list(x.shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if not isinstance(shape[axis], int) or not isinstance(end, Dim) or end.name is None or (start, step) != (0, 1):
            return None
        shape[axis] = end
    return tuple(shape) if len(starts) else None


_MODES = {"constant": "constant", "reflect": "reflect", "edge": "edge", "wrap": "wrap"}


@handler("Pad")
def pad_by_attributes(node: Node, x: Any) -> Any:
    """Elements added at the ends of axes, how many given as an attribute."""
    return _padded(node, x, node.get("pads"), node.get("value", 0.0), range(x.ndim))


@handler("Pad", 11, constants=(2,))
def pad(node: Node, x: Any, pads: Any, value: Any = None, axes: Any = None) -> Any:
    """Elements added at the ends of axes, or taken off where the number is negative."""
    along = range(x.ndim) if axes is None else node.axes(axes, x.ndim)
    number = 0 if value is None else node.number(value, "value")
    return _padded(node, x, node.sizes(pads, "pads"), number, along)


def _padded(node: Node, x: Any, pads: Any, value: Any, axes: Any) -> Any:
    x, count = array(x), len(axes)
    widths: list[Any] = [(0, 0)] * x.ndim
    index: list[Any] = [slice(None)] * x.ndim
    for i, axis in enumerate(axes):
        before, after = pads[i], pads[i + count]
        widths[axis] = (_more(before), _more(after))
        if before < 0 or after < 0:
            index[axis] = slice(-before if before < 0 else None, after if after < 0 else None)
    if any(item != slice(None) for item in index):
        x = x[tuple(index)]
    mode = _MODES[node.get("mode", "constant")]
    if all(a == 0 and b == 0 for a, b in widths):
        return x
    if mode == "constant":
        return ops.constant_pad(x, tuple(widths), value)
    return ops.pad(x, tuple(widths), mode)


def _more(n: Any) -> Any:
    return 0 if isinstance(n, int) and n < 0 else n


@handler("DepthToSpace")
def depth_to_space(node: Node, x: Any) -> Any:
    """Blocks of channels moved into space."""
    x, block = array(x), node.attributes["blocksize"]
    batch, channels, height, width = x.shape
    rest = channels // (block * block)
    if node.get("mode", "DCR") == "DCR":
        parts, order = (batch, block, block, rest, height, width), (0, 3, 4, 1, 5, 2)
    else:
        parts, order = (batch, rest, block, block, height, width), (0, 1, 4, 2, 5, 3)
    return ops.reshape(ops.transpose(ops.reshape(x, parts), order), (batch, rest, height * block, width * block))


@handler("SpaceToDepth")
def space_to_depth(node: Node, x: Any) -> Any:
    """Blocks of space moved into channels."""
    x, block = array(x), node.attributes["blocksize"]
    batch, channels, height, width = x.shape
    parts = ops.reshape(x, (batch, channels, height // block, block, width // block, block))
    order = (0, 3, 5, 1, 2, 4) if node.get("mode", "DCR") == "DCR" else (0, 1, 3, 5, 2, 4)
    shape = (batch, channels * block * block, height // block, width // block)
    return ops.reshape(ops.transpose(parts, order), shape)


@handler("CenterCropPad")
def center_crop_pad(node: Node, x: Any, target: Any) -> Any:
    """Axes cropped or padded with zeros around their centre."""
    x = array(x)
    wanted = node.integers(target, "shape")
    axes = node.axes(node.get("axes") or list(range(x.ndim)), x.ndim)
    pads, index = [(0, 0)] * x.ndim, [slice(None)] * x.ndim
    for axis, size in zip(axes, wanted, strict=True):
        more = size - x.shape[axis]
        if more > 0:
            pads[axis] = (more // 2, more - more // 2)
        elif more < 0:
            start = -more // 2
            index[axis] = slice(start, start + size)
    x = x[tuple(index)] if any(i != slice(None) for i in index) else x
    return ops.constant_pad(x, tuple(pads), 0) if any(p != (0, 0) for p in pads) else x


@handler("ReverseSequence")
def reverse_sequence(node: Node, x: Any, lengths: Any) -> Any:
    """The first lengths[b] steps of each sequence in reverse order."""
    x = array(x)
    batch, time = node.get("batch_axis", 1), node.get("time_axis", 0)
    steps = ops.cast(ops.iota(x.shape[time]), "int64")
    last = ops.expand_dims(array(lengths), 1)
    index = ops.where(ops.less(steps, last), ops.subtract(ops.subtract(last, 1), steps), steps)
    if batch > time:
        index = ops.transpose(index, (1, 0))
    shape = tuple(x.shape[i] if i in (batch, time) else 1 for i in range(x.ndim))
    return ops.take_along_axis(x, ops.reshape(index, shape), time)


@handler("Trilu", 14, constants=(1,))
def trilu(node: Node, x: Any, k: Any = None) -> Any:
    """The elements at and above, or at and below, a diagonal."""
    x = array(x)
    offset = 0 if k is None else node.integers(k, "diagonal")[0]
    if dtype_of(x).kind == "b":
        kept = (ops.triu if node.get("upper", 1) else ops.tril)(ops.cast(x, "int32"), offset)
        return ops.cast(kept, "bool")
    return (ops.triu if node.get("upper", 1) else ops.tril)(x, offset)
