"""The identity matrix as first weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback.errors import ShapeError
from multiback.initializers._initializer import Initializer, dtype_or_default
from multiback.initializers._registry import REGISTRY
from multiback.random._threefry import checked_shape


@REGISTRY.register("identity", "IdentityInitializer")
class Identity(Initializer):
    """w[i, j] = gain if i = j, else 0.

    Arguments:
        gain: The number on the diagonal.

    Raises:
        ShapeError: on the call, if the shape has not two axes.

    Example:
        >>> Identity(2.0)((2, 2))
        array([[2., 0.],
               [0., 2.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None, key: np.ndarray | None = None) -> np.ndarray:
        sizes = checked_shape(shape)
        if len(sizes) != 2:
            raise ShapeError(f"Identity makes matrices, of two axes; got shape {sizes}.")
        return (self.gain * np.eye(*sizes)).astype(dtype_or_default(dtype).numpy)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}
