"""Parts of arrays at places that are computed: slices taken, and slices written into a new array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import ShapeError
from multiback.graph.dims import Dim
from multiback.graph.slices import Slice
from multiback.ops._cases import ALL_DTYPES, ALL_INTEGERS, EXACT, Case, Sample
from multiback.ops._define import OPS, Array, composite
from multiback.ops._rules import chained, promoting
from multiback.ops.creation import iota, number
from multiback.ops.creation import shape as shape_of
from multiback.ops.indexing import integer_indices, take
from multiback.ops.joining import along, concatenate
from multiback.ops.shaping import reshape, shown

_X = Sample(("batch", 5, 3))


def _starts(call: dict[str, Any]) -> None:
    start = call["start_indices"]
    if start.ndim != 1 or start.shape[0] != call["inputs"].ndim:
        raise ShapeError(
            f"start_indices needs one integer for each of {call['inputs'].ndim} axes, got {shown(start.shape)}."
        )


@composite(
    name="dynamic_slice",
    canonical=chained(integer_indices("start_indices"), _starts),
    cases=[
        Case(
            (_X, Sample(values=[0, 2, 1], dtype="int32")),
            {"shape": (Dim.named("batch"), 2, 2)},
            "",
            ("float32", "int32"),
            EXACT,
        ),
        Case(
            (_X, Sample(values=[0, 9, -4], dtype="int32")),
            {"shape": (2, 2, 3)},
            "moved inside",
            bound=EXACT,
            edges=False,
        ),
        Case((_X, Sample(values=[9, 9, 9], dtype="int32")), {"shape": (Dim.named("batch"), 5, 3)}, "all", bound=EXACT),
        Case((Sample((5,)), Sample(values=[2], dtype="int32")), {"shape": (0,)}, "nothing", bound=EXACT),
        Case((Sample(()), Sample((0,), dtype="int32")), {"shape": ()}, "scalar", bound=EXACT),
        Case(
            (Sample((5, 4)), Sample(values=[1, 2], dtype="int32")),
            {"shape": (2, 2)},
            "dtypes",
            ALL_DTYPES[1:],
            EXACT,
            False,
        ),
        *(
            Case((Sample((5,)), Sample(values=[1], dtype=dtype)), {"shape": (2,)}, f"{dtype} starts", bound=EXACT)
            for dtype in ALL_INTEGERS[1:]
        ),
    ],
)
def dynamic_slice(inputs: Array, start_indices: Array, shape: Any) -> Any:
    """inputs[start[0]:start[0] + shape[0], ...], where the starts are computed in the graph.

    Arguments:
        inputs: Array.
        start_indices: Integers, one per axis; each is clamped to 0 ... n - shape[i], so that the slice lies inside.
        shape: Of the part.

    Returns:
        Array of `shape`.

    Raises:
        ShapeError: if there is not one start per axis.

    Source: XLA's DynamicSlice.

    Example:
        >>> ops.dynamic_slice([1, 2, 3], [9], (2,)).tolist()
        [2, 3]
    """
    y = inputs
    for axis, (size, count) in enumerate(zip(inputs.shape, shape)):
        if count != size:
            y = take(y, _first(start_indices, axis, size, count) + iota(count), axis)
    return y


def _first(starts: Any, axis: int, size: Any, count: Any) -> Any:
    start = OPS["cast"](OPS["getitem"](starts, axis), dtypes.int32)
    return OPS["minimum"](OPS["maximum"](start, 0), number(size - count))


def _update_starts(call: dict[str, Any]) -> None:
    _starts(call)
    if call["updates"].ndim != call["inputs"].ndim:
        raise ShapeError(f"updates needs {call['inputs'].ndim} axes like inputs, got {call['updates'].ndim}.")


@composite(
    name="dynamic_update_slice",
    canonical=chained(promoting("inputs", "updates"), integer_indices("start_indices"), _update_starts),
    cases=[
        Case(
            (_X, Sample(values=[0, 2, 1], dtype="int32"), Sample(("batch", 2, 2))), {}, "", ("float32", "int32"), EXACT
        ),
        Case(
            (_X, Sample(values=[0, 9, -4], dtype="int32"), Sample((2, 2, 3))),
            {},
            "moved inside",
            bound=EXACT,
            edges=False,
        ),
        Case((_X, Sample(values=[0, 0, 0], dtype="int32"), Sample(("batch", 5, 3))), {}, "all", bound=EXACT),
        Case((_X, Sample(values=[0, 4, 0], dtype="int32"), Sample(("batch", 2, 3))), {}, "one axis", bound=EXACT),
        Case((Sample(()), Sample((0,), dtype="int32"), Sample(())), {}, "scalar", bound=EXACT),
        Case(
            (Sample((5, 4)), Sample(values=[1, 2], dtype="int32"), Sample((2, 2))),
            {},
            "dtypes",
            ALL_DTYPES[1:],
            EXACT,
            False,
        ),
        *(
            Case((Sample((5,)), Sample(values=[1], dtype=dtype), Sample((2,))), {}, f"{dtype} starts", bound=EXACT)
            for dtype in ALL_INTEGERS[1:]
        ),
    ],
)
def dynamic_update_slice(inputs: Array, start_indices: Array, updates: Array) -> Any:
    """inputs with `updates` written from `start_indices` on, where the starts are computed in the graph.

    Arguments:
        inputs: Array.
        start_indices: Integers, one per axis; each is clamped so that all of `updates` lies inside.
        updates: Array with as many axes.

    Returns:
        Array of the shape of inputs, in the promoted dtype.

    Raises:
        ShapeError: if the numbers of axes differ.

    Source: XLA's DynamicUpdateSlice.

    Example:
        >>> ops.dynamic_update_slice([1, 2, 3], [1], [9]).tolist()
        [1, 9, 3]
    """
    spread, inside = updates, None
    for axis, (size, count) in enumerate(zip(inputs.shape, updates.shape)):
        if count == size:
            continue
        offset = iota(size) - _first(start_indices, axis, size, count)
        spread = take(spread, OPS["maximum"](offset, 0), axis)
        here = OPS["logical_and"](offset >= 0, offset < number(count))
        here = reshape(here, (size, *[1] * (inputs.ndim - axis - 1)))
        inside = here if inside is None else OPS["logical_and"](inside, here)
    return spread if inside is None else OPS["where"](inside, spread, inputs)


@composite(
    name="update_slice",
    canonical=chained(promoting("inputs", "updates")),
    cases=[
        Case((_X, Sample(("batch", 2, 2))), {"start": (0, 2, 1)}, "", ("float32", "int32"), EXACT),
        Case(
            (Sample((4, 5, 3)), Sample((2, 1, 3))), {"start": (-1, 9, 0)}, "moved inside", ("float32", "int32"), EXACT
        ),
        Case((Sample((4, 5)), Sample((4, 5))), {"start": (0, 0)}, "all", bound=EXACT),
        Case((Sample(()), Sample(())), {"start": ()}, "scalar", bound=EXACT),
        Case((Sample((4, 5)), Sample((2, 2))), {"start": (1, 2)}, "dtypes", ALL_DTYPES[1:], EXACT, False),
    ],
)
def _update_slice(inputs: Array, updates: Array, start: Any) -> Any:
    """inputs with `updates` written from the known place `start` on."""
    return _written(inputs, updates, start, 0)


def _written(x: Any, updates: Any, start: Any, axis: int) -> Any:
    if axis == x.ndim:
        return updates
    size, count = x.shape[axis], updates.shape[axis]
    if size == count:
        return _written(x, updates, start, axis + 1)
    first = _inside(start[axis], size, count)
    middle = _written(along(x, axis, first, first + count), updates, start, axis + 1)
    parts = [middle] if first == 0 else [along(x, axis, 0, first), middle]
    return concatenate([*parts, along(x, axis, first + count, None)], axis)


def _inside(start: Any, size: Any, count: Any) -> Any:
    if count > size:
        raise ShapeError(f"A part of size {count} does not fit an axis of size {size}.")
    return max(0, min(start, size - count))


def _known(start: Any, sizes: Sequence[Any], counts: Sequence[Any]) -> tuple[int, ...] | None:
    """The starts as integers, when they and all sizes that matter are known now."""
    if isinstance(start, np.ndarray):
        start = start.tolist()
    if not isinstance(start, list | tuple) or not all(isinstance(i, int | np.integer) for i in start):
        return None
    if any(size != count and not isinstance(size - count, int) for size, count in zip(sizes, counts)):
        return None
    return tuple(0 if size == count else int(i) for i, size, count in zip(start, sizes, counts))


def _as_array(start: Any) -> Any:
    if isinstance(start, list | tuple):
        return OPS["stack"]([OPS["cast"](i, dtypes.int32) for i in start])
    return start


def slice(inputs: Any, start_indices: Any, shape: Sequence[Any]) -> Any:
    """The part of `inputs` that starts at `start_indices` and has `shape`.

    Arguments:
        inputs: Array.
        start_indices: One integer per axis: a list, or an array computed in the graph. A start that leaves no room is
            moved back so that the slice lies inside, a negative one counts as 0.
        shape: Of the part.

    Returns:
        Array of `shape`.

    Raises:
        ShapeError: if there is not one start per axis, or the part is larger than `inputs`.

    Example:
        >>> ops.slice(ops.arange(5), (2,), (3,)).tolist()
        [2, 3, 4]
    """
    sizes = shape_of(inputs)
    if len(shape) != len(sizes):
        raise ShapeError(f"slice() needs {len(sizes)} sizes for an array with as many axes, got {tuple(shape)}.")
    known = _known(start_indices, sizes, shape)
    if known is None:
        return dynamic_slice(inputs, _as_array(start_indices), shape)
    if len(known) != len(sizes):
        raise ShapeError(f"slice() needs {len(sizes)} starts for an array with as many axes, got {known}.")
    firsts = [_inside(*parts) if parts[1] != parts[2] else 0 for parts in zip(known, sizes, shape)]
    return OPS["getitem"](inputs, tuple(Slice(first, first + count) for first, count in zip(firsts, shape)))


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """`inputs` with `updates` written from `start_indices` on.

    Arguments:
        inputs: Array.
        start_indices: One integer per axis: a list, or an array computed in the graph. A start that leaves no room is
            moved back so that all of `updates` lies inside, a negative one counts as 0.
        updates: Array with as many axes as inputs.

    Returns:
        Array of the shape of inputs.

    Raises:
        ShapeError: if the numbers of axes differ, or the updates are larger than `inputs`.

    Example:
        >>> ops.slice_update(ops.zeros((3,)), (1,), ops.ones((2,))).tolist()
        [0.0, 1.0, 1.0]
    """
    known = _known(start_indices, shape_of(inputs), shape_of(updates))
    if known is None:
        return dynamic_update_slice(inputs, _as_array(start_indices), updates)
    if not len(known) == len(shape_of(inputs)) == len(shape_of(updates)):
        raise ShapeError(f"slice_update() needs {len(shape_of(inputs))} starts, and updates with as many axes.")
    return _update_slice(inputs, updates, known)
