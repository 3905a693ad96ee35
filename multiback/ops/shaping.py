"""The same elements in another shape or order of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback.errors import ArgumentError, ShapeError
from multiback.graph.dims import Dim, Size, divide_exactly, product
from multiback.graph.ir import Spec
from multiback.ops._cases import ALL_DTYPES, EXACT, Case, Sample
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import axis_index, axis_indices, broadcast_shapes, like

_BATCH = Dim.named("batch")
_X = Sample(("batch", 4, 3))


def exact_case(label: str, *operands: Any, differentiable: Any = True, **attributes: Any) -> Case:
    """A case of an op that only moves elements: results are equal bit for bit in every dtype."""
    return Case(operands or (_X,), attributes, label, ("float32", "int32", "bool"), EXACT, differentiable)


def moved(label: str, *operands: Any, **attributes: Any) -> Case:
    """The same in float32 only: a case of a shape, not of a dtype."""
    return Case(operands or (_X,), attributes, label, ("float32",), EXACT)


def in_every_dtype(*operands: Any, **attributes: Any) -> Case:
    """The same in all other dtypes."""
    return Case(operands or (_X,), attributes, "dtypes", ALL_DTYPES[1:], EXACT, False)


def _sizes(given: Any) -> tuple[Size, ...]:
    sizes = given if isinstance(given, tuple) else (given,)
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, int | Dim):
            raise ArgumentError(f"A shape consists of integers and symbolic sizes, got {size!r}.")
    return sizes


def _complete(call: dict[str, Any]) -> None:
    shape = _sizes(call["newshape"])
    if shape.count(-1) > 1:
        raise ShapeError(f"reshape() can infer one size, but newshape {shape} has several -1.")
    if -1 in shape:
        known, total = product(n for n in shape if n != -1), product(call["x"].shape)
        inferred = 0 if total == known == 0 else divide_exactly(total, known)
        if inferred is None:
            raise ShapeError(
                f"Cannot reshape {shown(call['x'].shape)} into {shown(shape)}: {total} elements do not "
                f"divide by {known} for every size."
            )
        shape = tuple(inferred if n == -1 else n for n in shape)
    call["newshape"] = shape


def shown(shape: Sequence[Size]) -> str:
    """A shape as an error message writes it."""
    return f"({', '.join(map(str, shape))})"


@primitive(
    canonical=_complete,
    cases=[
        moved("merge", newshape=(-1, 3)),
        moved("split", newshape=(_BATCH, 2, 2, 3)),
        moved("flat", newshape=-1),
        moved("same", newshape=(_BATCH, 4, 3)),
        moved("two symbolic sizes", Sample(("batch", "time", 2)), newshape=(Dim.named("time") * 2, _BATCH)),
        moved("ones", newshape=(1, _BATCH, 1, 12)),
        moved("scalar", Sample(()), newshape=(1, 1)),
        moved("to a scalar", Sample((1, 1)), newshape=()),
        moved("empty", Sample((0, 3)), newshape=(3, -1)),
        moved("empty to known sizes", Sample((2, 0, 3)), newshape=(0, 7)),
        in_every_dtype(newshape=(-1, 3)),
    ],
)
def reshape(x: Array, newshape: Any) -> Spec:
    """The same elements, in row-major order, in another shape.

    Arguments:
        x: Array.
        newshape: Sizes; one of them may be -1 and is then inferred. Sizes may be symbolic.

    Returns:
        Array of shape `newshape`.

    Raises:
        ShapeError: if the number of elements differs, or may differ for some symbolic size.

    Source: array API standard 2024.12, reshape.

    Example:
        >>> ops.reshape([1, 2, 3, 4], (-1, 2)).tolist()
        [[1, 2], [3, 4]]
    """
    if product(x.shape) != product(newshape):
        raise ShapeError(
            f"Cannot reshape {shown(x.shape)} into {shown(newshape)}: {product(x.shape)} elements are not "
            f"{product(newshape)}."
        )
    return Spec(newshape, x.dtype)


@reshape.meaning
def _(x: Any, newshape: Any) -> Any:
    return np.reshape(x, newshape)


@reshape.vjp
def _(g: Any, y: Any, x: Any, newshape: Any) -> Any:
    return reshape(g, x.shape)


def _permutation(call: dict[str, Any]) -> None:
    ndim, axes = call["x"].ndim, call["axes"]
    order = tuple(range(ndim))[::-1] if axes is None else tuple(axis_index(a, ndim) for a in axes)
    if sorted(order) != list(range(ndim)):
        raise ShapeError(f"axes {axes} is not a permutation of the {ndim} axes of x.")
    call["axes"] = order


@primitive(
    canonical=_permutation,
    cases=[
        moved("reverse"),
        moved("given", axes=(1, -1, 0)),
        moved("same", axes=(0, 1, 2)),
        moved("five axes", Sample((2, "batch", 1, 3, 2)), axes=(3, 0, 4, 1, 2)),
        moved("vector", Sample(("batch",))),
        moved("scalar", Sample(())),
        in_every_dtype(axes=(2, 0, 1)),
    ],
)
def transpose(x: Array, axes: Sequence[int] | None = None) -> Spec:
    """The axes in another order: axis `i` of the result is axis `axes[i]` of x.

    Arguments:
        x: Array.
        axes: A permutation of its axes; None reverses them.

    Returns:
        Array with the same elements.

    Raises:
        ShapeError: if `axes` is not a permutation.

    Source: array API standard 2024.12, permute_dims.

    Example:
        >>> ops.transpose([[1, 2, 3], [4, 5, 6]]).tolist()
        [[1, 4], [2, 5], [3, 6]]
    """
    return Spec(tuple(x.shape[a] for a in axes), x.dtype)  # type: ignore[union-attr]


@transpose.meaning
def _(x: Any, axes: Any) -> Any:
    return np.transpose(x, axes)


@transpose.vjp
def _(g: Any, y: Any, x: Any, axes: Any) -> Any:
    return transpose(g, tuple(axes.index(i) for i in range(len(axes))))


permute_dims = transpose


@primitive(
    canonical=lambda call: call.update(axis=axis_indices(call["axis"], call["x"].ndim)),
    cases=[
        moved("all"),
        moved("one", axis=-1),
        moved("two", axis=(0, 1)),
        moved("none", axis=()),
        moved("scalar", Sample(())),
        in_every_dtype(axis=(0, 2)),
    ],
)
def flip(x: Array, axis: int | Sequence[int] | None = None) -> Spec:
    """The elements in reverse order: y[i] = x[n - 1 - i].

    Arguments:
        x: Array.
        axis: One axis or several; None reverses all.

    Returns:
        Array of the shape of x.

    Source: array API standard 2024.12, flip.

    Example:
        >>> ops.flip([1, 2, 3]).tolist()
        [3, 2, 1]
    """
    return like(x)


@flip.meaning
def _(x: Any, axis: Any) -> Any:
    return np.flip(x, axis)


@flip.vjp
def _(g: Any, y: Any, x: Any, axis: Any) -> Any:
    return flip(g, axis)


def _target_shape(call: dict[str, Any]) -> None:
    call["shape"] = _sizes(call["shape"])


@primitive(
    canonical=_target_shape,
    cases=[
        moved("rows", Sample(("batch", 1, 3)), shape=(_BATCH, 4, 3)),
        moved("new axes", Sample((3,)), shape=(2, 4, 3)),
        moved("scalar", Sample(()), shape=(2, 3)),
        moved("same", shape=(_BATCH, 4, 3)),
        moved("to no rows", Sample((1, 3)), shape=(0, 3)),
        moved("scalar to a scalar", Sample(()), shape=()),
        in_every_dtype(Sample((4, 1)), shape=(2, 4, 3)),
    ],
)
def broadcast_to(x: Array, shape: Any) -> Spec:
    """x repeated along new leading axes and axes of size 1 until it has a shape.

    No elements are copied where the framework has views.

    Arguments:
        x: Array.
        shape: Sizes; they may be symbolic.

    Returns:
        Array of `shape`.

    Raises:
        ShapeError: if a size of x is neither 1 nor that of `shape`.

    Source: array API standard 2024.12, broadcast_to.

    Example:
        >>> ops.broadcast_to([1, 2], (2, 2)).tolist()
        [[1, 2], [1, 2]]
    """
    if len(x.shape) > len(shape) or broadcast_shapes(x.shape, shape) != shape:
        raise ShapeError(f"Cannot broadcast {shown(x.shape)} to {shown(shape)}.")
    return Spec(shape, x.dtype)


@broadcast_to.meaning
def _(x: Any, shape: Any) -> Any:
    return np.broadcast_to(x, shape)


@broadcast_to.vjp
def _(g: Any, y: Any, x: Any, shape: Any) -> Any:
    return g


def _inserted(call: dict[str, Any]) -> None:
    axis = call["axis"]
    axes = axis if isinstance(axis, tuple) else (axis,)
    axes = axis_indices(axes, call["x"].ndim + len(axes))
    call["axis"] = axes[0] if len(axes) == 1 else axes


@composite(
    canonical=_inserted,
    cases=[
        moved("front", axis=0),
        moved("last", axis=-1),
        moved("two", axis=(0, -2)),
        moved("scalar", Sample(()), axis=0),
        moved("scalar twice", Sample(()), axis=(0, 1)),
        in_every_dtype(axis=1),
    ],
)
def expand_dims(x: Array, axis: int | Sequence[int]) -> Any:
    """x with axes of size 1 inserted.

    Arguments:
        x: Array.
        axis: Position of the new axis in the result, or several.

    Returns:
        Array with the same elements.

    Raises:
        ShapeError: for a position outside the result, or one given twice.

    Source: array API standard 2024.12, expand_dims.

    Example:
        >>> ops.shape(ops.expand_dims([1, 2], -1))
        (2, 1)
    """
    axes = axis if isinstance(axis, tuple) else (axis,)
    rest = iter(x.shape)
    return reshape(x, tuple(1 if i in axes else next(rest) for i in range(x.ndim + len(axes))))


def _removed(call: dict[str, Any]) -> None:
    shape, axis = call["x"].shape, call["axis"]
    axes = tuple(i for i, n in enumerate(shape) if n == 1) if axis is None else axis_indices(axis, len(shape))
    for i in axes:
        if shape[i] != 1:
            raise ShapeError(f"Cannot squeeze axis {i} of {shown(shape)}: its size is {shape[i]}, not 1.")
    call["axis"] = axes


_ONES = Sample(("batch", 1, 3, 1))


@composite(
    canonical=_removed,
    cases=[
        moved("all", _ONES),
        moved("one", _ONES, axis=-1),
        moved("two", _ONES, axis=(1, 3)),
        moved("nothing to drop", Sample((2, 3))),
        moved("no axes", _ONES, axis=()),
        moved("to a scalar", Sample((1, 1))),
        moved("scalar", Sample(())),
        in_every_dtype(_ONES, axis=1),
    ],
)
def squeeze(x: Array, axis: int | Sequence[int] | None = None) -> Any:
    """x without axes of size 1.

    Arguments:
        x: Array.
        axis: The axes to drop; None drops all whose size is known to be 1.

    Returns:
        Array with the same elements.

    Raises:
        ShapeError: if the size of a given axis is not 1.

    Source: array API standard 2024.12, squeeze.

    Example:
        >>> ops.squeeze([[1, 2]]).tolist()
        [1, 2]
    """
    return reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in axis))  # type: ignore[operator]


@composite(
    cases=[
        moved("", source=0, destination=-1),
        moved("several", source=(0, 1), destination=(-1, 0)),
        moved("back", source=-1, destination=0),
        moved("nowhere", source=1, destination=1),
        in_every_dtype(source=0, destination=1),
    ]
)
def moveaxis(x: Array, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """Some axes moved to other positions; the rest keep their order.

    Arguments:
        x: Array.
        source: One axis or several.
        destination: As many positions in the result.

    Returns:
        Array with the same elements.

    Raises:
        ArgumentError: if there are not as many positions as axes.
        ShapeError: for an axis that does not exist or occurs twice.

    Source: array API standard 2024.12, moveaxis.

    Example:
        >>> ops.shape(ops.moveaxis(ops.zeros((2, 3, 4)), 0, -1))
        (3, 4, 2)
    """
    old, new = ((a,) if isinstance(a, int) else a for a in (source, destination))
    if len(old) != len(new):
        raise ArgumentError(f"moveaxis() moves {len(old)} axes to {len(new)} positions; give as many of each.")
    moved = {axis_index(d, x.ndim): axis_index(s, x.ndim) for s, d in zip(old, new)}
    axis_indices(old, x.ndim), axis_indices(new, x.ndim)
    rest = iter(i for i in range(x.ndim) if i not in moved.values())
    return transpose(x, tuple(moved[i] if i in moved else next(rest) for i in range(x.ndim)))


@composite(
    cases=[moved("", axis1=0, axis2=-1), moved("same", axis1=1, axis2=-2), in_every_dtype(axis1=1, axis2=2)],
)
def swapaxes(x: Array, axis1: int, axis2: int) -> Any:
    """x with two axes exchanged.

    Arguments:
        x: Array.
        axis1, axis2: The axes.

    Returns:
        Array with the same elements.

    Raises:
        ShapeError: for an axis that does not exist.

    Source: NumPy's swapaxes.

    Example:
        >>> ops.shape(ops.swapaxes(ops.zeros((2, 3, 4)), 0, 2))
        (4, 3, 2)
    """
    order = list(range(x.ndim))
    i, j = axis_index(axis1, x.ndim), axis_index(axis2, x.ndim)
    order[i], order[j] = j, i
    return transpose(x, tuple(order))


@composite(cases=[moved(""), moved("scalar", Sample(())), moved("vector", Sample((3,))), in_every_dtype()])
def ravel(x: Array) -> Any:
    """All elements along one axis, in row-major order.

    Arguments:
        x: Array.

    Returns:
        Array of shape (x.size,).

    Source: NumPy's ravel.

    Example:
        >>> ops.ravel([[1, 2], [3, 4]]).tolist()
        [1, 2, 3, 4]
    """
    return reshape(x, (-1,))


def broadcast_arrays(*arrays: Any) -> list[Any]:
    """The arrays, each broadcast to the shape that all of them have in common.

    Raises:
        ShapeError: if they have none.

    Source: array API standard 2024.12, broadcast_arrays.

    Example:
        >>> [x.tolist() for x in ops.broadcast_arrays(ops.array([1, 2]), ops.array([[3]]))]
        [[[1, 2]], [[3, 3]]]
    """
    common = broadcast_shapes(*(tuple(x.shape) for x in arrays))
    return [broadcast_to(x, common) for x in arrays]
