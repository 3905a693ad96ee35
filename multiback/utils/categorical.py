"""One-hot labels and normalized rows, on NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.errors import DataError


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """One-hot rows of integer classes: `y[..., c] = 1 if x[...] == c else 0`.

    Args:
        x: Integer classes of any shape; a last axis of size 1 is dropped.
        num_classes: Size of the new last axis; `max(x) + 1` when not given.

    Returns:
        float64 array of shape `x.shape + (num_classes,)`.

    Raises:
        DataError: if a class is negative, not an integer, or not below `num_classes`.

    Example:
        >>> to_categorical([0, 2], num_classes=3)
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    given = np.asarray(x)
    labels = given.astype("int64")
    if not np.array_equal(labels, given):
        raise DataError(f"to_categorical expects integer classes, got values such as {given.flat[0]!r}.")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if not num_classes:
        if not labels.size:
            raise DataError("to_categorical got no labels to count the classes of: pass num_classes.")
        num_classes = int(labels.max()) + 1
    wrong = (labels < 0) | (labels >= num_classes)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise DataError(f"to_categorical expects classes from 0 to {num_classes - 1}, got {labels[where]} at {where}.")
    return np.eye(num_classes)[labels]


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """Divide by the norm along an axis: `x / ||x||_order`, zero vectors left as they are.

    Args:
        x: Array of any shape.
        axis: Axis along which the norm is taken.
        order: Order of the norm, as in `numpy.linalg.norm`.

    Returns:
        Array of the shape of `x`, float64 for integers.

    Example:
        >>> normalize([[3.0, 4.0], [0.0, 0.0]])
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    x = np.asarray(x)
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm).astype(norm.dtype)
