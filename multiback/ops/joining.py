"""Joining, splitting and repeating arrays along axes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from multiback.errors import ArgumentError, ShapeError
from multiback.graph.dims import Dim, Size, common, divide_exactly
from multiback.graph.ir import Spec
from multiback.ops._cases import Sample, exact
from multiback.ops._define import OPS, Array, composite, primitive
from multiback.ops._rules import axis_index, chained, promoting
from multiback.ops.shaping import broadcast_to, expand_dims, in_every_dtype, moved, reshape, shown

_BATCH = Dim.named("batch")
_X = Sample(("batch", 4, 3))


def sequence_of(name: str) -> Any:
    """Canonical form: operand `name` is a list of arrays, at least one."""

    def canonical(call: dict[str, Any]) -> None:
        if not isinstance(call[name], tuple) or not call[name]:
            raise ArgumentError(f"{name} must be a list of at least one array, got {call[name]!r}.")

    return canonical


def _join_axis(call: dict[str, Any]) -> None:
    first = call["xs"][0]
    call["axis"] = axis_index(call["axis"], first.ndim)
    for x in call["xs"][1:]:
        differ = [i for i, (a, b) in enumerate(zip(x.shape, first.shape)) if common(a, b) is None]
        if x.ndim != first.ndim or set(differ) - {call["axis"]}:
            raise ShapeError(
                f"concatenate() joins arrays that differ in axis {call['axis']} only, got {shown(first.shape)} and "
                f"{shown(x.shape)}."
            )


_PAIR = (Sample(("batch", 4, 3)), Sample(("batch", 2, 3)))


@primitive(
    canonical=chained(sequence_of("xs"), promoting("xs"), _join_axis),
    cases=[
        moved("middle", _PAIR, axis=1),
        moved("batch", (_X, _X, _X)),
        moved("last", (_X, Sample(("batch", 4, 1))), axis=-1),
        moved("one", (_X,)),
        moved("promotion", (_X, Sample(("batch", 4, 3), dtype="int8"))),
        *exact(["float32"], (Sample((3,), dtype="float16"), Sample((2,), dtype="bfloat16")), label="promoted halves"),
        *exact(["int16"], (Sample((3,), 0, 9, dtype="uint8"), Sample((2,), -9, 9, dtype="int8")), label="promotion"),
        moved("one empty", (Sample((2, 0)), Sample((2, 3))), axis=1),
        moved("all empty", (Sample((0, 3)), Sample((0, 3)))),
        moved("symbolic", (Sample(("batch", 3)), Sample(("time", 3)), Sample((2, 3)))),
        moved("many", tuple(Sample((2, 1)) for _ in range(40)), axis=-1),
        in_every_dtype(_PAIR, axis=1),
    ],
)
def concatenate(xs: Sequence[Array], axis: int = 0) -> Spec:
    """Arrays one after another along an axis they have.

    Arguments:
        xs: Arrays that differ at most in the size of that axis.
        axis: The axis.

    Returns:
        Array in the promoted dtype.

    Raises:
        ShapeError: if they differ in another axis.

    Source: array API standard 2024.12, concat.

    Example:
        >>> ops.concatenate([[1, 2], [3]]).tolist()
        [1, 2, 3]
    """
    total: Size = 0
    for x in xs:  # type: ignore[attr-defined]
        total = total + x.shape[axis]
    first = xs[0]  # type: ignore[index]
    return Spec((*first.shape[:axis], total, *first.shape[axis + 1 :]), first.dtype)


@concatenate.meaning
def _(xs: Any, axis: Any) -> Any:
    return np.concatenate(xs, axis)


@concatenate.vjp
def _(g: Any, y: Any, xs: Any, axis: int) -> Any:
    ends: list[Size] = [0]
    for x in xs:
        ends.append(ends[-1] + x.shape[axis])
    return tuple(along(g, axis, a, b) for a, b in pairwise(ends))


concat = concatenate


def along(x: Any, axis: int, start: Size | None, stop: Size | None, step: int | None = None) -> Any:
    """`x[..., start:stop:step, ...]` on one axis, counted from the front."""
    return OPS["getitem"](x, (*[slice(None)] * axis, slice(start, stop, step)))


def _stack_axis(call: dict[str, Any]) -> None:
    first = call["x"][0]
    if any(x.shape != first.shape for x in call["x"]):
        raise ShapeError(f"stack() takes arrays of one shape, got {', '.join(shown(x.shape) for x in call['x'])}.")
    call["axis"] = axis_index(call["axis"], first.ndim + 1)


@composite(
    canonical=chained(sequence_of("x"), promoting("x"), _stack_axis),
    cases=[
        moved("front", (_X, _X)),
        moved("last", (_X, _X, _X), axis=-1),
        moved("scalars", (Sample(()), Sample(()))),
        moved("middle of one", (_X,), axis=2),
        moved("promotion", (Sample((3,)), Sample((3,), -9, 9, dtype="int32")), axis=-1),
        in_every_dtype((_X, _X), axis=1),
    ],
)
def stack(x: Sequence[Array], axis: int = 0) -> Any:
    """Arrays side by side along a new axis.

    Arguments:
        x: Arrays of one shape.
        axis: Position of the new axis in the result.

    Returns:
        Array in the promoted dtype.

    Raises:
        ShapeError: if the shapes differ.

    Source: array API standard 2024.12, stack.

    Example:
        >>> ops.stack([[1, 2], [3, 4]], axis=1).tolist()
        [[1, 3], [2, 4]]
    """
    return concatenate([expand_dims(item, axis) for item in x], axis)  # type: ignore[attr-defined]


def _split_points(call: dict[str, Any]) -> None:
    x, given = call["x"], call["indices_or_sections"]
    call["axis"] = axis = axis_index(call["axis"], x.ndim)
    size = x.shape[axis]
    if isinstance(given, int):
        part = divide_exactly(size, given) if given > 0 else None
        if part is None:
            raise ShapeError(f"Cannot split axis {axis} of size {size} into {given} equal parts.")
        given = tuple(part * i for i in range(1, given))
    call["indices_or_sections"] = given


@composite(
    canonical=_split_points,
    cases=[
        moved("sections", indices_or_sections=2, axis=1),
        moved("indices", indices_or_sections=(1, 3), axis=1),
        moved("last", indices_or_sections=3, axis=-1),
        moved("batch", indices_or_sections=(1,)),
        moved("one part", indices_or_sections=1, axis=1),
        moved("no cuts", indices_or_sections=(), axis=1),
        moved("empty parts", indices_or_sections=(0, 2, 2, 4), axis=1),
        moved("beyond the end", indices_or_sections=(3, 9), axis=1),
        moved("from the end", indices_or_sections=(1, -1), axis=1),
        moved("not in order", indices_or_sections=(3, 1), axis=1),
        in_every_dtype(indices_or_sections=2, axis=1),
    ],
)
def split(x: Array, indices_or_sections: int | Sequence[int], axis: int = 0) -> Any:
    """x cut along an axis.

    Arguments:
        x: Array.
        indices_or_sections: The number of equal parts, or the positions of the cuts.
        axis: The axis to cut.

    Returns:
        A tuple of arrays.

    Raises:
        ShapeError: if the axis does not divide into equal parts.

    Source: NumPy's split.

    Example:
        >>> [part.tolist() for part in ops.split([1, 2, 3], [1])]
        [[1], [2, 3]]
    """
    ends = (0, *indices_or_sections, x.shape[axis])  # type: ignore[misc]
    return tuple(along(x, axis, a, b) for a, b in pairwise(ends))


@composite(
    canonical=lambda call: call.update(axis=axis_index(call["axis"], call["x"].ndim)),
    cases=[
        moved("", axis=1),
        moved("last", num=3, axis=-1),
        moved("vector", Sample((2,))),
        moved("one", Sample((1, 3))),
        in_every_dtype(axis=1),
    ],
)
def unstack(x: Array, num: int | None = None, axis: int = 0) -> Any:
    """The slices of x along an axis.

    Arguments:
        x: Array.
        num: The size of the axis; it may be left out.
        axis: The axis.

    Returns:
        A tuple of arrays without that axis.

    Raises:
        ShapeError: if the axis has a symbolic size, or not the size `num`.

    Source: array API standard 2024.12, unstack.

    Example:
        >>> [row.tolist() for row in ops.unstack([[1, 2], [3, 4]])]
        [[1, 2], [3, 4]]
    """
    size = x.shape[axis]
    if not isinstance(size, int) or num not in (None, size):
        raise ShapeError(f"unstack() needs a fixed size, equal to num if given; axis {axis} has {size}, num is {num}.")
    return tuple(OPS["getitem"](x, (*[slice(None)] * axis, i)) for i in range(size))


@composite(
    cases=[
        moved("", repeats=(2, 1, 3)),
        moved("fewer", repeats=(2,)),
        moved("more", repeats=(2, 1, 1, 2)),
        moved("number", repeats=2),
        moved("once", repeats=(1, 1, 1)),
        moved("never", repeats=(1, 0, 2)),
        moved("scalar", Sample(()), repeats=(2, 3)),
        in_every_dtype(repeats=(2, 1, 1)),
    ]
)
def tile(x: Array, repeats: int | Sequence[int]) -> Any:
    """x as a whole repeated along its axes.

    Arguments:
        x: Array.
        repeats: How often along each axis; missing ones count as 1, on the left.

    Returns:
        Array whose sizes are the products.

    Source: array API standard 2024.12, tile.

    Example:
        >>> ops.tile([1, 2], 2).tolist()
        [1, 2, 1, 2]
    """
    times = repeats if isinstance(repeats, tuple) else (repeats,)
    times = (1,) * (x.ndim - len(times)) + times
    shape = (1,) * (len(times) - x.ndim) + x.shape
    paired = reshape(x, tuple(size for n in shape for size in (1, n)))
    spread = broadcast_to(paired, tuple(size for t, n in zip(times, shape) for size in (t, n)))
    return reshape(spread, tuple(t * n for t, n in zip(times, shape)))


def _repeat_axis(call: dict[str, Any]) -> None:
    if call["axis"] is None:
        call["x"], call["axis"] = reshape(call["x"], (-1,)), 0
    call["axis"] = axis = axis_index(call["axis"], call["x"].ndim)
    repeats = call["repeats"]
    if isinstance(repeats, tuple) and len(repeats) == 1:
        call["repeats"] = repeats = repeats[0]
    if isinstance(repeats, tuple) and len(repeats) != call["x"].shape[axis]:
        raise ShapeError(f"repeat() needs one count for each of {call['x'].shape[axis]} elements, got {len(repeats)}.")


@composite(
    canonical=_repeat_axis,
    cases=[
        moved("", repeats=2, axis=1),
        moved("flat", repeats=3),
        moved("each", repeats=(2, 0, 3), axis=-1),
        moved("never", repeats=0, axis=1),
        moved("batch", repeats=2, axis=0),
        moved("one count", repeats=(2,), axis=1),
        moved("scalar", Sample(()), repeats=3),
        in_every_dtype(repeats=2, axis=1),
    ],
)
def repeat(x: Array, repeats: int | Sequence[int], axis: int | None = None) -> Any:
    """Each element repeated along an axis.

    Arguments:
        x: Array.
        repeats: How often each, or one count for each element.
        axis: The axis; None flattens first.

    Returns:
        Array of the dtype of x.

    Raises:
        ShapeError: if there are several counts, but not one for each element.

    Source: array API standard 2024.12, repeat.

    Example:
        >>> ops.repeat([1, 2], 2).tolist()
        [1, 1, 2, 2]
    """
    if isinstance(repeats, tuple):
        return OPS["take"](x, np.repeat(np.arange(len(repeats), dtype=np.int32), repeats), axis)
    before, n, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]  # type: ignore[index, operator]
    spread = broadcast_to(expand_dims(x, axis + 1), (*before, n, repeats, *after))  # type: ignore[operator]
    return reshape(spread, (*before, n * repeats, *after))
