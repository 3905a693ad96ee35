"""Axes of another size, by the positions of pixels' centres."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import ShapeError

_KERNELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "bilinear": lambda x: np.maximum(0.0, 1.0 - x),
    # Keys' cubic with a = -1/2.
    "bicubic": lambda x: np.where(
        x < 1, (1.5 * x - 2.5) * x * x + 1, np.where(x < 2, ((-0.5 * x + 2.5) * x - 4) * x + 2, 0.0)
    ),
}
METHODS = ("nearest", *_KERNELS)


def resized(x: Any, axes: Sequence[int], sizes: Sequence[int], method: str) -> Any:
    """`x` with these axes of these sizes.

    Output i of n is looked up at (i + 1/2) m / n - 1/2 among the m inputs; weights of what lies outside are left out,
    and the others sum to 1.

    Arguments:
        x: Any shape; the axes must have known sizes.
        axes: Not negative.
        sizes: One per axis.
        method: One of `METHODS`.

    Raises:
        ShapeError: for an axis whose size is not known.

    Source: Keys 1981, Cubic convolution interpolation for digital image processing.
    """
    for axis, size in zip(axes, sizes):
        old = x.shape[axis]
        if not isinstance(old, int):
            raise ShapeError(f"Axis {axis} is resized to {size} but its size {old} is not known. Fix it in the Input.")
        if old == size and method != "bicubic":
            continue
        centres = (np.arange(size) + 0.5) * old / size
        if method == "nearest":
            x = ops.take(x, np.clip(np.floor(centres), 0, old - 1).astype("int32"), axis=axis)
            continue
        weights = _KERNELS[method](np.abs(centres[:, None] - 0.5 - np.arange(old)))
        weights = (weights / weights.sum(axis=1, keepdims=True)).astype(x.dtype.numpy)
        x = ops.moveaxis(ops.matmul(ops.moveaxis(x, axis, -1), weights.T), -1, axis)
    return x
