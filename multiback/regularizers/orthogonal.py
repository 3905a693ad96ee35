"""Cosines between rows or columns as a penalty."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import ArgumentError, ShapeError
from multiback.regularizers.registry import REGISTRY
from multiback.regularizers.regularizer import Regularizer, checked_factor


@REGISTRY.register("orthogonal_regularizer")
class OrthogonalRegularizer(Regularizer):
    """Penalty on rows (or columns) that are not orthogonal: the mean of |cosine| over all pairs, times `factor`.

    Arguments:
        factor: Factor, at least 0.
        mode: "rows" or "columns".

    Returns:
        A scalar of the weight's dtype.

    Raises:
        ArgumentError: if the factor is negative or not finite, or the mode is unknown.
        ShapeError: when called, if the weight is not a matrix, or has a single row (column) and hence no pair.

    Example:
        >>> OrthogonalRegularizer(1.0)(np.array([[1.0, 0.0], [1.0, 1.0]]))    # 0.7071
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = checked_factor(factor, "factor")
        if mode not in ("rows", "columns"):
            raise ArgumentError(f"mode must be 'rows' or 'columns', got {mode!r}.")
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        if len(x.shape) != 2:
            raise ShapeError(f"OrthogonalRegularizer expects a matrix, got shape {tuple(x.shape)}.")
        axis = 1 if self.mode == "rows" else 0
        count = x.shape[1 - axis]
        if count < 2:
            raise ShapeError(f"OrthogonalRegularizer needs at least two {self.mode}, got shape {tuple(x.shape)}.")
        unit = ops.normalize(x, axis=axis)
        cosines = ops.matmul(unit, ops.transpose(unit)) if axis else ops.matmul(ops.transpose(unit), unit)
        above = np.triu(np.ones((count, count), bool), 1)
        return ops.multiply(
            ops.sum(ops.where(above, ops.abs(cosines), 0.0)), 2.0 * self.factor / (count * (count - 1.0))
        )

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}
