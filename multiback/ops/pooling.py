"""Maxima and means over windows, one spatial axis after the other."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from multiback.config import standardize_data_format
from multiback.errors import ArgumentError
from multiback.graph.dims import Dim
from multiback.ops import _windows as windows
from multiback.ops._cases import EXACT, HALVES, OTHER_FLOATS, Bound, Case, Sample
from multiback.ops._define import Array, composite
from multiback.ops._precision import widened
from multiback.ops._rules import promoting
from multiback.ops.casting import cast
from multiback.ops.comparison import isnan, logical_and, logical_or
from multiback.ops.creation import iota, number
from multiback.ops.indexing import take
from multiback.ops.joining import along
from multiback.ops.padding import constant_pad
from multiback.ops.selection import where
from multiback.ops.shaping import broadcast_to, reshape

_FLOAT = promoting("inputs", to_float=True)


def _canonical(op: str) -> Callable[[dict[str, Any]], None]:
    def canonical(call: dict[str, Any]) -> None:
        x = call["inputs"]
        n = windows.check_rank(op, x)
        call["data_format"] = standardize_data_format(call["data_format"])
        call["pool_size"] = windows.per_axis(call["pool_size"], n, "pool_size")
        given = call["strides"]
        call["strides"] = call["pool_size"] if given is None else windows.per_axis(given, n, "strides")
        padding = call["padding"]
        if not isinstance(padding, str) or padding.lower() not in ("valid", "same"):
            raise ArgumentError(f"padding must be 'valid' or 'same', got {padding!r}.")
        call["padding"] = padding.lower()
        if call["padding"] == "valid":
            spatial = windows.spatial(x.shape, call["data_format"])
            sizes = (windows.windows(m, k, s, (0, 0)) for m, k, s in zip(spatial, call["pool_size"], call["strides"]))
            windows.check_fits(op, tuple(sizes))

    return canonical


def _float_canonical(call: dict[str, Any]) -> None:
    _FLOAT(call)
    _canonical("average_pool")(call)


def _pool(
    x: Any, window: Any, strides: Any, padding: str, first: int, fill: Any, combine: Callable[[Any, Any], Any]
) -> Any:
    """Reduces the windows along each axis from the last to the first, so that ties go to the first in row order."""
    for axis in reversed(range(first, first + len(window))):
        k, s = window[axis - first], strides[axis - first]
        size = x.shape[axis]
        pads = windows.same_pads(size, k, s) if padding == "same" else (0, 0)
        count = windows.windows(size, k, s, pads)
        if isinstance(count, Dim):
            parts = [_gathered(x, axis, i, s, count, pads, fill) for i in range(k)]
        else:
            if pads != (0, 0):
                x = constant_pad(x, tuple(pads if a == axis else (0, 0) for a in range(x.ndim)), fill)
            parts = [along(x, axis, i, i + (count - 1) * s + 1, s) for i in range(k)]
        x = functools.reduce(combine, parts)
    return x


def _gathered(x: Any, axis: int, offset: int, step: int, count: Any, pads: Any, fill: Any) -> Any:
    """Element `offset` of each window along an axis of symbolic size, by its index."""
    index = iota(count) * step + offset
    if pads == (0, 0):
        return take(x, index, axis)
    index = index - number(pads[0])
    inside = logical_and(index >= 0, index < number(x.shape[axis]))
    shape = tuple(count if a == axis else 1 for a in range(x.ndim))
    return where(reshape(inside, shape), take(x, index, axis), fill)


def _larger(a: Any, b: Any) -> Any:
    """The maximum; the first at a tie, NaN when there is one."""
    if not a.dtype.is_float:
        return where(b > a, b, a)
    return where(logical_or(b > a, isnan(b)), b, a)


_ROWS: list[tuple[tuple[int | str, ...], dict[str, Any]]] = [
    (("batch", 6, 8, 3), {"pool_size": 2}),
    (("batch", 7, 9, 3), {"pool_size": 2}),
    (("batch", 7, 8, 2), {"pool_size": 3, "strides": 2}),
    (("batch", 7, 8, 2), {"pool_size": 3, "strides": 2, "padding": "same"}),
    (("batch", 6, 8, 2), {"pool_size": (2, 3), "strides": (1, 2), "padding": "same"}),
    (("batch", 5, 5, 2), {"pool_size": 3, "strides": 1, "padding": "same"}),
    (("batch", 9, 9, 2), {"pool_size": 2, "strides": 4, "padding": "same"}),
    (("batch", "time", 6, 2), {"pool_size": 2, "padding": "same"}),
    (("batch", "time", 2), {"pool_size": 2}),
    (("batch", 9, 2), {"pool_size": 4, "padding": "same"}),
    (("batch", 5, 4, 6, 2), {"pool_size": 2, "padding": "same"}),
    (("batch", 4, 4, 6, 2), {"pool_size": (2, 1, 3)}),
    (("batch", 3, 7, 6), {"pool_size": 3, "strides": 2, "padding": "same", "data_format": "channels_first"}),
    (("batch", 3, 8), {"pool_size": 2, "data_format": "channels_first"}),
    (("batch", 2, "time"), {"pool_size": 2, "padding": "same", "data_format": "channels_first"}),
    (("batch", 2, 3, 4, 5), {"pool_size": 2, "strides": 1, "padding": "same", "data_format": "channels_first"}),
    (("batch", 2, 3, 2), {"pool_size": 5, "strides": 3, "padding": "same"}),
    (("batch", 3, 3, 1), {"pool_size": 3}),
    (("batch", 1, 1, 2), {"pool_size": 1}),
]
_OTHERS: list[tuple[str, Any, dict[str, Any], Any, bool]] = [
    ("other floats", Sample((2, 7, 8, 3)), {"pool_size": 3, "strides": 2, "padding": "same"}, OTHER_FLOATS, False),
    ("one axis in other floats", Sample((2, 7, 3)), {"pool_size": 3}, OTHER_FLOATS, False),
    ("three axes in other floats", Sample((2, 4, 5, 6, 3)), {"pool_size": 2, "padding": "same"}, OTHER_FLOATS, False),
    ("large numbers", Sample((2, 14, 14, 2), 3e4, 6e4), {"pool_size": 7}, OTHER_FLOATS, False),
    ("gradient in half precision", Sample((2, 6, 6, 3)), {"pool_size": 3, "strides": 2}, HALVES, True),
]
_INF, _NAN = float("inf"), float("nan")
_TIES = (np.indices((2, 6, 6, 2)).sum(0) % 3 // 2).tolist()
_SPECIAL = [[-_INF, -_INF, 1, _NAN], [-_INF, -_INF, 2, 3], [_INF, 1, 0, 0], [2, -_INF, -1, 0]]


@composite(
    canonical=_canonical("max_pool"),
    accepts="iuf",
    cases=[Case((Sample(x),), attributes, f"{x} {attributes}", bound=EXACT) for x, attributes in _ROWS]
    + [Case((x,), attributes, label, dtypes, EXACT, smooth) for label, x, attributes, dtypes, smooth in _OTHERS]
    + [
        Case(
            (Sample((2, 7, 6, 2), -9, 9),),
            {"pool_size": 2, "padding": padding},
            f"integers, {padding}",
            ("int32", "int8", "uint8", "int64"),
            EXACT,
            False,
        )
        for padding in ("valid", "same")
    ]
    + [
        Case((Sample(values=_TIES),), attributes, label, bound=EXACT, smooth=False)
        for label, attributes in (
            ("divergence-32", {"pool_size": 2}),
            ("divergence-32, overlapping", {"pool_size": 3, "strides": 2, "padding": "same"}),
        )
    ]
    + [
        Case(
            (Sample(values=[[[[x] for x in row] for row in _SPECIAL]]),),
            {"pool_size": 2},
            "divergence-20",
            bound=EXACT,
            differentiable=False,
        ),
    ],
)
def max_pool(
    inputs: Array, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None
) -> Any:
    """The largest element of each window; NaN if it holds one. The gradient goes to the first of equals, in row order.

    Arguments:
        inputs: (batch, spatial..., channels), or (batch, channels, spatial...) with `channels_first`; 1 to 3 spatial
            axes.
        pool_size: Size of the windows: an integer, or one per spatial axis.
        strides: Distance between windows; by default `pool_size`.
        padding: "valid": only whole windows; "same": ceil(size / strides) windows, what is outside does not count.
        data_format: "channels_last" or "channels_first"; None: what `config.image_data_format()` says.

    Returns:
        (batch, windows..., channels) in the same layout and dtype.

    Raises:
        ShapeError: if no window fits.
        ArgumentError: for another padding.

    Example:
        >>> ops.max_pool(ops.reshape(ops.arange(4.0), (1, 4, 1)), 2).tolist()
        [[[1.0], [3.0]]]
    """
    dtype = inputs.dtype
    lowest = float("-inf") if dtype.is_float else int(np.iinfo(dtype.numpy).min)
    first = 1 if data_format == "channels_last" else 2
    return _pool(inputs, pool_size, strides, padding, first, lowest, _larger)


def _mean_magnitude(
    x: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: Any = None
) -> Any:
    x = np.abs(np.asarray(x if data_format != "channels_first" else np.moveaxis(x, 1, -1), np.float64))
    n = x.ndim - 2
    window = windows.per_axis(pool_size, n, "pool_size")
    steps = window if strides is None else windows.per_axis(strides, n, "strides")
    if padding == "same":
        pads: list[Any] = [windows.same_pads(m, k, s) for m, k, s in zip(x.shape[1:], window, steps)]
        x = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=np.nan)
    view = np.lib.stride_tricks.sliding_window_view(x, window, tuple(range(1, n + 1)))
    view = view[(slice(None), *(slice(None, None, s) for s in steps))]
    mean = np.nanmean(view, tuple(range(-n, 0)))
    return mean if data_format != "channels_first" else np.moveaxis(mean, -1, 1)


@composite(
    canonical=_float_canonical,
    cases=[
        Case((Sample(x),), attributes, f"{x} {attributes}", bound=Bound(8, _mean_magnitude)) for x, attributes in _ROWS
    ]
    + [
        Case((x,), attributes, label, dtypes, Bound(8, _mean_magnitude), smooth)
        for label, x, attributes, dtypes, smooth in (
            *_OTHERS,
            (
                "divergence-28",
                Sample(values=np.ones((1, 4, 5, 1))),
                {"pool_size": 3, "strides": 2, "padding": "same"},
                ("float32",),
                True,
            ),
            ("integers", Sample((2, 4, 5, 1), -9, 9), {"pool_size": 2}, ("int32", "uint8", "bool"), False),
        )
    ],
)
def average_pool(
    inputs: Array, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None
) -> Any:
    """The mean of each window; padding does not count.

    Arguments:
        inputs: (batch, spatial..., channels), or (batch, channels, spatial...) with `channels_first`; 1 to 3 spatial
            axes. Integers become float32.
        pool_size: Size of the windows: an integer, or one per spatial axis.
        strides: Distance between windows; by default `pool_size`.
        padding: "valid": only whole windows; "same": ceil(size / strides) windows, averaged over what lies inside.
        data_format: "channels_last" or "channels_first"; None: what `config.image_data_format()` says.

    Returns:
        (batch, windows..., channels) in the same layout.

    Raises:
        ShapeError: if no window fits.
        ArgumentError: for another padding.

    Example:
        >>> ops.average_pool(ops.reshape(ops.arange(4.0), (1, 4, 1)), 2).tolist()
        [[[0.5], [2.5]]]
    """
    first = 1 if data_format == "channels_last" else 2

    def total(a: Any, b: Any) -> Any:
        return a + b

    sums = _pool(widened(inputs), pool_size, strides, padding, first, 0.0, total)
    if padding == "valid":
        return cast(sums / float(np.prod(pool_size)), inputs.dtype)
    for i, (k, s) in enumerate(zip(pool_size, strides)):
        size = inputs.shape[first + i]
        if windows.same_pads(size, k, s) == (0, 0):
            sums = sums / float(k)
            continue
        ones = broadcast_to(1.0, (size,)).astype(sums.dtype)
        counts = _pool(ones, (k,), (s,), "same", 0, 0.0, total)
        shape = tuple(counts.shape[0] if a == first + i else 1 for a in range(inputs.ndim))
        sums = sums / reshape(counts, shape)
    return cast(sums, inputs.dtype)
