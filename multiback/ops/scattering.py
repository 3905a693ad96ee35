"""Writing into chosen places of an array. Every op returns a new array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import config, dtypes
from multiback.errors import ArgumentError, GradientError, ShapeError
from multiback.graph.dims import Dim, product
from multiback.graph.ir import Spec
from multiback.graph.slices import Slice
from multiback.ops._cases import EXACT, Bound, Case, Sample
from multiback.ops._define import OPS, Array, composite, primitive
from multiback.ops._rules import axis_index, chained, like, promoting
from multiback.ops.creation import arange, iota, number, zeros
from multiback.ops.creation import shape as shape_of
from multiback.ops.indexing import clamped, in_range, integer_indices, take
from multiback.ops.joining import along, concatenate
from multiback.ops.shaping import broadcast_to, expand_dims, reshape, shown

_X = Sample(("batch", 5, 3))
_REDUCTIONS = (None, "add", "max", "min", "mul")
_REDUCE = {"add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}


def _row_shapes(call: dict[str, Any]) -> None:
    x, indices, updates = (call[n] for n in ("x", "indices", "updates"))
    if indices.ndim != 1 or updates.shape != (*indices.shape, *x.shape[1:]):
        raise ShapeError(
            f"updates must have the shape {shown((*indices.shape[:1], *x.shape[1:]))}, got {shown(updates.shape)}."
        )


_ROWS = (Sample((5, 3)), Sample(("batch",), -5, 4, dtype="int32"), Sample(("batch", 3)))
_UNIQUE = Sample(values=[3, -1, 0], dtype="int32")


def _rows_scale(x: Any, indices: Any, updates: Any, reduction: Any = None) -> Any:
    y = np.abs(x)
    np.add.at(y, in_range(indices, x.shape[0]), np.abs(updates))
    return y


@primitive(
    canonical=chained(promoting("x", "updates"), integer_indices("indices"), _row_shapes),
    cases=[
        Case(_ROWS, {"reduction": "add"}, "add", ("float32", "int32"), Bound(4, _rows_scale)),
        Case(_ROWS, {"reduction": "max"}, "max", ("float32", "int32"), EXACT, False),
        Case(_ROWS, {"reduction": "min"}, "min", ("float32", "int32"), EXACT, False),
        Case(_ROWS, {"reduction": "mul"}, "mul", ("float32", "int32"), Bound(8), False),
        Case((_ROWS[0], _UNIQUE, Sample((3, 3))), {"reduction": None}, "set", ("float32", "int32", "bool"), EXACT),
        Case(
            (Sample((5,)), Sample(values=[7, -9, 2], dtype="int64"), Sample((3,))),
            {"reduction": "add"},
            "out of range",
            bound=Bound(4, _rows_scale),
        ),
    ],
)
def scatter_rows(x: Array, indices: Array, updates: Array, reduction: str | None) -> Spec:
    """x with rows replaced by, or combined with, updates: y[indices[i]] = reduction(y[indices[i]], updates[i]).

    Arguments:
        x: Array of shape (n, ...).
        indices: Integers of shape (m,). Negative ones count from the end; those out of range are clamped.
        updates: Array of shape (m, ...).
        reduction: None replaces (among equal indices, which one wins is not defined); "add", "max", "min" and "mul"
            combine with what is there, equal indices one after another.

    Returns:
        Array of the shape of x, in the promoted dtype.

    Raises:
        ShapeError: if the shapes do not fit.
        GradientError: when "max", "min" or "mul" is differentiated.

    Example:
        >>> ops.scatter_rows([1.0, 2.0], [0, 0], [5.0, 6.0], "add").tolist()
        [12.0, 2.0]
    """
    return like(x)


@scatter_rows.meaning
def _(x: Any, indices: Any, updates: Any, reduction: Any) -> Any:
    y = np.array(x)
    places = in_range(indices, x.shape[0])
    if reduction is None:
        y[places] = updates
    else:
        _REDUCE[reduction].at(y, places, updates)
    return y


@scatter_rows.vjp
def _(g: Any, y: Any, x: Any, indices: Any, updates: Any, reduction: Any) -> Any:
    if reduction == "add":
        return g, None, take(g, indices, 0)
    if reduction is None:
        erased = broadcast_to(OPS["cast"](0.0, g.dtype), updates.shape)
        return scatter_rows(g, indices, erased, None), None, take(g, indices, 0)
    raise GradientError(f"scatter with reduction {reduction!r} has no gradient; use 'add' or None.")


def _depth(call: dict[str, Any]) -> None:
    inputs, indices, updates = call["inputs"], call["indices"], call["updates"]
    reduction = call["reduction"].lower() if isinstance(call["reduction"], str) else call["reduction"]
    if reduction not in _REDUCTIONS:
        raise ArgumentError(f"Unknown reduction {reduction!r}. Known: {', '.join(map(repr, _REDUCTIONS))}.")
    depth = indices.shape[-1] if indices.ndim else 0
    if not isinstance(depth, int) or not 1 <= depth <= inputs.ndim:
        raise ShapeError(f"The last axis of indices holds 1 to {inputs.ndim} coordinates, got size {depth}.")
    expected = (*indices.shape[:-1], *inputs.shape[depth:])
    if updates.shape != expected:
        raise ShapeError(f"updates must have the shape {shown(expected)}, got {shown(updates.shape)}.")
    call["reduction"] = reduction


_PLACES = Sample(values=[[0, 2], [3, -1], [1, 0]], dtype="int32")


@composite(
    canonical=chained(promoting("inputs", "updates"), integer_indices("indices"), _depth),
    cases=[
        Case((Sample((4, 3)), _PLACES, Sample((3,))), {}, "places", ("float32", "int32"), EXACT),
        Case(
            (Sample((4, 3, 2)), _PLACES, Sample((3, 2))),
            {"reduction": "add"},
            "rows",
            bound=Bound(4, lambda *_, **__: 4),
        ),
        Case(
            (Sample((4, 3)), Sample(("batch", 2, 1), 0, 3, dtype="int32"), Sample(("batch", 2, 3))),
            {"reduction": "max"},
            "duplicates",
            ("float32", "int32"),
            EXACT,
            False,
        ),
    ],
)
def scatter_update(inputs: Array, indices: Array, updates: Array, reduction: str | None = None) -> Any:
    """inputs with values written at places given by coordinates: y[indices[i]] = updates[i].

    Arguments:
        inputs: Array.
        indices: Integers of shape (..., k): coordinates on the first k axes of inputs. Negative ones count from the
            end; those out of range are clamped to the nearest element.
        updates: Array of shape indices.shape[:-1] + inputs.shape[k:].
        reduction: None replaces (among equal places, which one wins is not defined); "add", "max", "min" or "mul"
            combine with what is there.

    Returns:
        Array of the shape of inputs, in the promoted dtype.

    Raises:
        ShapeError: if the shapes do not fit.
        ArgumentError: for an unknown reduction.

    Source: Keras's scatter_update.

    Example:
        >>> ops.scatter_update([0.0, 0.0, 0.0], [[0], [2]], [1.0, 5.0]).tolist()
        [1.0, 0.0, 5.0]
    """
    depth = indices.shape[-1]
    sizes, rest = inputs.shape[:depth], inputs.shape[depth:]
    count = product(indices.shape[:-1])
    places: Any = 0
    for axis, size in enumerate(sizes):
        coordinate = clamped(OPS["getitem"](indices, (..., axis)), size)
        places = coordinate if axis == 0 else places * number(size) + coordinate
    rows = reshape(inputs, (product(sizes), *rest))
    new = scatter_rows(rows, reshape(places, (count,)), reshape(updates, (count, *rest)), reduction)
    return reshape(new, inputs.shape)


@composite(
    canonical=integer_indices("indices"),
    cases=[
        Case((_PLACES, Sample((3,))), {"shape": (4, 3)}, "", ("float32", "int32"), EXACT),
        Case(
            (Sample(("batch", 1), 0, 3, dtype="int32"), Sample(("batch", 2))),
            {"shape": (4, 2)},
            "duplicates",
            bound=Bound(4, lambda *_, **__: 8),
        ),
    ],
)
def scatter(indices: Array, values: Array, shape: Any) -> Any:
    """Zeros with values added at places given by coordinates; values at equal places add up.

    Arguments:
        indices: Integers of shape (..., k): coordinates on the first k axes. Negative ones count from the end; those
            out of range are clamped.
        values: Array of shape indices.shape[:-1] + shape[k:].
        shape: Of the result.

    Returns:
        Array of `shape`, in the dtype of the values.

    Raises:
        ShapeError: if the shapes do not fit.

    Source: Keras's scatter.

    Example:
        >>> ops.scatter([[1], [1]], [2.0, 3.0], (3,)).tolist()
        [0.0, 5.0, 0.0]
    """
    return scatter_update(zeros(shape, values.dtype), indices, values, "add")


def _one_hot_type(call: dict[str, Any]) -> None:
    if call["sparse"]:
        raise ArgumentError("one_hot() makes dense arrays only; leave sparse=False.")
    call["dtype"] = dtypes.as_dtype(call["dtype"] or config.floatx())
    call["axis"] = axis_index(call["axis"], call["x"].ndim + 1)


_LABELS = Sample(("batch", 2), -2, 5, dtype="int32")


@composite(
    canonical=chained(integer_indices("x"), _one_hot_type),
    cases=[
        Case((_LABELS,), {"num_classes": 4}, "", bound=EXACT, differentiable=False),
        Case((_LABELS,), {"num_classes": 4, "axis": 1, "dtype": "int32"}, "axis", bound=EXACT, differentiable=False),
        Case((_LABELS,), {"num_classes": 3, "dtype": "bool"}, "bool", bound=EXACT, differentiable=False),
        Case(
            (Sample(("batch",), 0, 3, dtype="uint8"),),
            {"num_classes": 4},
            "small indices",
            bound=EXACT,
            differentiable=False,
        ),
    ],
)
def one_hot(x: Array, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """Class numbers as vectors: y[..., k] = 1 where x == k, else 0. A number outside 0 ... num_classes - 1 gives zeros.

    Arguments:
        x: Integers.
        num_classes: Length of the vectors.
        axis: Where the new axis goes.
        dtype: Of the result, `floatx()` unless given.
        sparse: Accepted for compatibility; must be False.

    Returns:
        Array with one more axis.

    Raises:
        DtypeError: if x is not of integers.

    Example:
        >>> ops.one_hot([0, 2], 3, dtype="int32").tolist()
        [[1, 0, 0], [0, 0, 1]]
    """
    if x.dtype.bits < 32:
        x = OPS["cast"](x, dtypes.int32)
    classes = reshape(arange(num_classes, dtype=x.dtype), (num_classes, *[1] * (x.ndim - axis)))
    return OPS["cast"](OPS["equal"](expand_dims(x, axis), classes), dtype)


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
        Case((_X, Sample(values=[0, 9, -4], dtype="int32")), {"shape": (2, 2, 3)}, "moved inside", bound=EXACT),
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
        Case((_X, Sample(values=[0, 9, -4], dtype="int32"), Sample((2, 2, 3))), {}, "moved inside", bound=EXACT),
        Case((_X, Sample(values=[0, 0, 0], dtype="int32"), Sample(("batch", 5, 3))), {}, "all", bound=EXACT),
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
