"""What convolution and pooling share: arguments per spatial axis, and padding in TensorFlow's convention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback.errors import ArgumentError, ShapeError
from multiback.graph import dims
from multiback.graph.dims import Dim, Shape, Size

Pads = tuple[tuple[Size, Size], ...]


def per_axis(value: Any, count: int, what: str, least: int = 1) -> tuple[int, ...]:
    """An argument as one integer per spatial axis.

    Raises:
        ArgumentError: unless it is an integer, or `count` of them, none below `least`.
    """
    items = (value,) * count if hasattr(value, "__index__") else tuple(value)
    if len(items) != count or not all(hasattr(v, "__index__") and v >= least for v in items):
        raise ArgumentError(f"{what} must be an integer or {count} integers, each at least {least}; got {value!r}.")
    return tuple(int(v) for v in items)


def spatial(shape: Shape, data_format: str) -> Shape:
    """The spatial sizes of a batch of images (or sequences, or volumes)."""
    return shape[1:-1] if data_format == "channels_last" else shape[2:]


def with_spatial(batch: Size, sizes: Shape, channels: Size, data_format: str) -> Shape:
    """The shape of a batch with these spatial sizes."""
    return (batch, *sizes, channels) if data_format == "channels_last" else (batch, channels, *sizes)


def check_rank(op: str, x: Any) -> int:
    """The number of spatial axes of a batch.

    Raises:
        ShapeError: unless it is 1, 2 or 3.
    """
    if not 3 <= x.ndim <= 5:
        raise ShapeError(
            f"{op}() takes a batch with 1 to 3 spatial axes and channels (rank 3 to 5), got rank {x.ndim}."
        )
    return x.ndim - 2


def extent(window: int, dilation: int) -> int:
    """How many elements a dilated window spans."""
    return (window - 1) * dilation + 1


def same_pads(size: Size, window: int, stride: int) -> tuple[Size, Size]:
    """Zeros before and after so that ceil(size / stride) windows fit; the odd one goes after, as in TensorFlow."""
    if stride == 1:
        total: Size = window - 1
    else:
        total = dims.maximum(((size + stride - 1) // stride - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def windows(size: Size, window: int, stride: int, pads: tuple[Size, Size]) -> Size:
    """How many windows fit: floor((size + pads - window) / stride) + 1."""
    return (size + pads[0] + pads[1] - window) // stride + 1


def check_fits(op: str, sizes: Sequence[Size]) -> None:
    """Checks that at least one window fits on every axis.

    Raises:
        ShapeError: if none does.
    """
    if any(not isinstance(n, Dim) and n < 1 for n in sizes):
        raise ShapeError(f"{op}() has a window that is larger than its (padded) input: the output would have {sizes}.")


def taps(window: Sequence[int]) -> list[tuple[int, ...]]:
    """The offsets within a window, row by row."""
    found: list[tuple[int, ...]] = [()]
    for n in window:
        found = [(*head, i) for head in found for i in range(n)]
    return found
