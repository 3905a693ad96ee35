"""Rotating and padding axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback.errors import ArgumentError, ShapeError
from multiback.graph.dims import Dim, Size
from multiback.graph.ir import Spec
from multiback.ops._cases import Sample
from multiback.ops._define import OPS, Array, composite, primitive
from multiback.ops._rules import axis_index
from multiback.ops.joining import along, concatenate
from multiback.ops.shaping import broadcast_to, flip, in_every_dtype, moved, reshape

_BATCH = Dim.named("batch")
_X = Sample(("batch", 4, 3))


@composite(
    cases=[
        moved("one", shift=1, axis=1),
        moved("negative", shift=-2, axis=-1),
        moved("two", shift=(1, 5), axis=(0, 1)),
        moved("around", Sample((4, 3)), shift=(9, 0, -7), axis=(0, 1, 0)),
        moved("flat", shift=2),
        moved("scalar", Sample(()), shift=2),
        moved("empty", Sample((0, 3)), shift=2, axis=0),
        in_every_dtype(Sample((3, 4)), shift=1, axis=1),
    ]
)
def roll(x: Array, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Any:
    """The elements moved along an axis, those beyond the end coming in at the front: y[i] = x[(i - shift) mod n].

    Arguments:
        x: Array.
        shift: Number of places, or one for each axis.
        axis: One axis or several; None moves all elements as one axis and restores the shape.

    Returns:
        Array of the shape of x.

    Raises:
        ArgumentError: if there are not as many shifts as axes.
        ShapeError: if a symbolic size may be smaller than the shift.

    Source: array API standard 2024.12, roll.

    Example:
        >>> ops.roll([1, 2, 3], 1).tolist()
        [3, 1, 2]
    """
    if axis is None:
        return reshape(roll(reshape(x, (-1,)), shift, 0), x.shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    shifts = shift if isinstance(shift, tuple) else (shift,) * len(axes)
    if len(shifts) != len(axes):
        raise ArgumentError(f"roll() needs one shift for each axis, got shift={shift} and axis={axis}.")
    for places, a in zip(shifts, axes):
        i = axis_index(a, x.ndim)
        size = x.shape[i]
        places = places % (size or 1) if isinstance(size, int) else places
        if places and size >= abs(places):
            x = concatenate([along(x, i, -places, None), along(x, i, None, -places)], i)
    return x


@primitive(
    cases=[
        moved("zeros", pad_width=((0, 0), (1, 2), (0, 1)), value=0),
        moved("ones", pad_width=((0, 0), (1, 0), (0, 1)), value=1),
        moved("batch", pad_width=((1, 2), (0, 0), (0, 0)), value=0),
        moved("symbolic", pad_width=((0, _BATCH), (0, 0), (1, 0)), value=0),
        moved("nothing", pad_width=((0, 0),) * 3, value=0),
        moved("scalar", Sample(()), pad_width=(), value=0),
        moved("empty", Sample((0, 2)), pad_width=((1, 2), (0, 0)), value=3),
        moved("infinity", pad_width=((0, 0), (1, 0), (0, 0)), value=float("-inf")),
        moved("not a number", Sample((3,)), pad_width=((1, 0),), value=float("nan")),
        in_every_dtype(Sample((3, 4)), pad_width=((1, 2), (0, 1)), value=1),
    ],
)
def constant_pad(x: Array, pad_width: Any, value: Any) -> Spec:
    """x with elements of one value added at the ends of its axes.

    Arguments:
        x: Array.
        pad_width: `(before, after)` for each axis; sizes may be symbolic.
        value: Number.

    Returns:
        Array of the dtype of x.

    Example:
        >>> ops.constant_pad([1, 2], [(1, 0)], 9).tolist()
        [9, 1, 2]
    """
    return Spec(tuple(n + before + after for n, (before, after) in zip(x.shape, pad_width)), x.dtype)


@constant_pad.meaning
def _(x: Any, pad_width: Any, value: Any) -> Any:
    return np.pad(x, pad_width, constant_values=value) if pad_width else x


@constant_pad.vjp
def _(g: Any, y: Any, x: Any, pad_width: Any, value: Any) -> Any:
    return OPS["getitem"](g, tuple(slice(before, before + n) for n, (before, _) in zip(x.shape, pad_width)))


_PAD_MODES = ("constant", "reflect", "symmetric", "edge", "wrap")


def _pad_widths(call: dict[str, Any]) -> None:
    width, mode, ndim = call["pad_width"], call["mode"], call["x"].ndim
    if isinstance(width, int | Dim):
        width = (width,)
    if all(isinstance(n, int | Dim) for n in width) and len(width) <= 2:
        width = ((width[0], width[-1]),)
    width = width * ndim if len(width) == 1 else width
    if len(width) != ndim or any(not isinstance(pair, tuple) or len(pair) != 2 for pair in width):
        raise ArgumentError(f"pad_width needs a (before, after) pair for each of {ndim} axes, got {call['pad_width']}.")
    if any(n < 0 for pair in width for n in pair):
        raise ArgumentError(f"pad_width must not be negative, got {width}.")
    if mode not in _PAD_MODES:
        raise ArgumentError(f"Unknown padding mode {mode!r}. Known: {', '.join(_PAD_MODES)}.")
    if mode != "constant" and call["constant_values"] is not None:
        raise ArgumentError(f"constant_values belongs to mode 'constant', but mode is {mode!r}.")
    room = {"reflect": 1, "symmetric": 0, "wrap": 0}.get(mode)
    for n, pair in zip(call["x"].shape, width):
        if room is not None and any(p > n - room for p in pair):
            raise ShapeError(f"mode {mode!r} can pad an axis of size {n} by at most {n - room}, got {pair}.")
    call["pad_width"] = width
    if mode == "constant":
        number = {"f": float, "b": bool}.get(call["x"].dtype.kind, int)
        call["constant_values"] = number(call["constant_values"] or 0)


_PADDED = ((0, 0), (2, 1), (0, 2))
_MIRRORS = ("reflect", "symmetric", "wrap")


@composite(
    canonical=_pad_widths,
    cases=[
        moved("integer", Sample((2, 3)), pad_width=1),
        moved("pair", pad_width=((1, 2),)),
        moved("value", pad_width=_PADDED, constant_values=3),
        moved("scalar", Sample(()), pad_width=1),
        *(moved(mode, pad_width=_PADDED, mode=mode) for mode in _PAD_MODES),
        *(moved(f"all of it, {mode}", Sample((3, 2)), pad_width=((2, 2), (1, 1)), mode=mode) for mode in _MIRRORS),
        in_every_dtype(Sample((3, 4)), pad_width=((2, 1), (0, 2)), mode="reflect"),
    ],
)
def pad(x: Array, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """x with elements added at the ends of its axes.

    Arguments:
        x: Array.
        pad_width: `((before, after), ...)` per axis; one pair or one integer holds for all axes.
        mode: "constant"; "reflect" mirrors without repeating the edge, "symmetric" repeats it; "edge" repeats the
            outermost element; "wrap" continues from the other end.
        constant_values: Number for mode "constant", 0 by default.

    Returns:
        Array of the dtype of x.

    Raises:
        ArgumentError: for an unknown mode or malformed widths.
        ShapeError: if a mirrored or wrapped axis is shorter than its padding.

    Source: NumPy's pad.

    Example:
        >>> ops.pad([1, 2, 3], 2, mode="reflect").tolist()
        [3, 2, 1, 2, 3, 2, 1]
    """
    if mode == "constant":
        return constant_pad(x, pad_width, constant_values)
    for axis, (before, after) in enumerate(pad_width):
        n = x.shape[axis]
        parts = [_padding(x, axis, n, before, mode, front=True), x, _padding(x, axis, n, after, mode, front=False)]
        parts = [p for p in parts if p is not None]
        x = concatenate(parts, axis) if len(parts) > 1 else x
    return x


def _padding(x: Any, axis: int, n: Size, count: Size, mode: str, front: bool) -> Any:
    if count == 0:
        return None
    if mode == "edge":
        end = along(x, axis, 0, 1) if front else along(x, axis, n - 1, n)
        return broadcast_to(end, (*x.shape[:axis], count, *x.shape[axis + 1 :]))
    if mode == "wrap":
        return along(x, axis, n - count, n) if front else along(x, axis, 0, count)
    skip = 1 if mode == "reflect" else 0
    part = along(x, axis, skip, skip + count) if front else along(x, axis, n - skip - count, n - skip)
    return flip(part, axis)
