"""Writing into chosen places of an array. Every op returns a new array."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import config, dtypes
from multiback.errors import ArgumentError, GradientError, ShapeError
from multiback.graph.dims import product
from multiback.graph.ir import Spec
from multiback.ops._cases import ALL_DTYPES, ALL_FLOATS, ALL_INTEGERS, EXACT, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import OPS, Array, composite, primitive
from multiback.ops._rules import axis_index, chained, like, promoting
from multiback.ops.creation import arange, number, zeros
from multiback.ops.indexing import clamped, in_range, integer_indices, take
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
_TWICE = Sample(values=[1, 3, 1, 0], dtype="int32")
_FEW = Sample((4, 2), 0, 9)
_INF, _NAN = float("inf"), float("nan")


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
            "divergence-14",
            bound=Bound(4, _rows_scale),
        ),
        Case(
            (Sample((4, 3)), _TWICE, Sample((4, 3))), {"reduction": "add"}, "divergence-18", bound=Bound(4, _rows_scale)
        ),
        Case(
            (Sample((4,)), _TWICE, Sample(values=[7.0, 8.0, 7.0, 9.0])),
            {"reduction": None},
            "divergence-18, equal updates",
            bound=EXACT,
            differentiable=False,
        ),
        Case((Sample((4,)), Sample((0,), dtype="int32"), Sample((0,))), {"reduction": "add"}, "nothing", bound=EXACT),
        Case((Sample((5, 2)), _UNIQUE, Sample((3, 2))), {"reduction": None}, "dtypes", ALL_DTYPES[1:], EXACT, False),
        *(
            Case((_FEW, _TWICE, _FEW), {"reduction": reduction}, f"{reduction}, {kind}", types, bound, False)
            for reduction, rounded in (("add", Bound(4)), ("mul", Bound(4)), ("max", EXACT), ("min", EXACT))
            for kind, types, bound in (
                ("other floats", OTHER_FLOATS, rounded),
                ("other integers", ALL_INTEGERS[1:] if reduction == "add" else ("int64", "uint8"), EXACT),
            )
        ),
        Case(
            (Sample((3,)), Sample(values=[0, 1, 2, 1], dtype="int32"), Sample(values=[_NAN, _INF, 1.0, -_INF])),
            {"reduction": "add"},
            "special",
            differentiable=False,
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
        Case(
            (Sample((4, 3)), Sample(values=[[9, 0], [-9, 7], [2, -1]], dtype="int32"), Sample((3,))),
            {},
            "divergence-14",
            bound=EXACT,
        ),
        Case((Sample((5,)), Sample(values=[[1], [4]], dtype="uint8"), Sample((2,))), {}, "small indices", bound=EXACT),
        Case(
            (Sample((5,)), Sample(values=[3], dtype="int64"), Sample(())),
            {"reduction": "min"},
            "one place",
            ALL_FLOATS,
            EXACT,
            False,
        ),
        Case(
            (Sample((4, 3)), _PLACES, Sample((3,))), {"reduction": "mul"}, "mul", ("float32", "int32"), Bound(2), False
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
            "divergence-18",
            bound=Bound(4, lambda *_, **__: 8),
        ),
        Case((_PLACES, Sample((3,))), {"shape": (4, 3)}, "dtypes", ALL_DTYPES[1:-1], EXACT, False),
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
        Case((_LABELS,), {"num_classes": 4}, "divergence-16", bound=EXACT, differentiable=False),
        Case((Sample((), 0, 3, dtype="int32"),), {"num_classes": 4}, "scalar", bound=EXACT, differentiable=False),
        Case((Sample((3,), -1, 1, dtype="int32"),), {"num_classes": 1}, "one class", bound=EXACT, differentiable=False),
        *(
            Case(
                (Sample((5,), 0, 3, dtype=x),),
                {"num_classes": 4, "dtype": y},
                f"{x} to {y}",
                bound=EXACT,
                differentiable=False,
            )
            for x, y in zip(
                ALL_INTEGERS, ("bfloat16", "float16", "int8", "uint8", "float64", "uint16", "int64", "bool")
            )
        ),
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
