"""Orthogonal matrices as first weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from multiback.dtypes import DType
from multiback.errors import ShapeError
from multiback.initializers._random import RandomInitializer
from multiback.initializers._registry import REGISTRY
from multiback.random import _host


@REGISTRY.register("orthogonal", "OrthogonalInitializer")
class Orthogonal(RandomInitializer):
    """gain * Q of the QR decomposition of a normal matrix, with the signs that make R's diagonal positive.

    All axes but the last together are the rows. The columns are orthonormal; with fewer rows than columns, the rows.
    Computed in float64 by LAPACK, whose last bits may differ between machines.

    Arguments:
        gain: Factor.
        seed: See RandomInitializer.

    Raises:
        ShapeError: on the call, if the shape has fewer than two axes.

    Source: Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of learning in deep linear
    neural networks; Mezzadri 2007, How to generate random matrices from the classical compact groups, for the signs.

    Example:
        >>> w = Orthogonal(seed=0)((3, 3), "float64")
        >>> bool(np.allclose(w.T @ w, np.eye(3)))
        True
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def _draw(self, key: np.ndarray, shape: tuple[int, ...], dtype: DType) -> np.ndarray:
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal needs a shape of at least two axes, got {shape}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(_host.normal(key, (max(rows, columns), min(rows, columns))))
        q *= np.where(np.diagonal(r) < 0.0, -1.0, 1.0)
        matrix = q.T if rows < columns else q
        return (self.gain * matrix).reshape(shape).astype(dtype.numpy)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gain": self.gain}
