"""Initializers that do not draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback.errors import ShapeError
from multiback.initializers.initializer import Initializer, finished
from multiback.initializers.registry import REGISTRY


@REGISTRY.register("zeros")
class Zeros(Initializer):
    """All zeros."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return finished(np.zeros(shape), dtype)


@REGISTRY.register("ones")
class Ones(Initializer):
    """All ones."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return finished(np.ones(shape), dtype)


@REGISTRY.register("constant")
class Constant(Initializer):
    """One number everywhere, or an array.

    Arguments:
        value: The number, or an array that broadcasts to the shape.
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return finished(np.broadcast_to(np.asarray(self.value, np.float64), tuple(shape)), dtype)

    def get_config(self) -> dict[str, Any]:
        value = self.value.tolist() if isinstance(self.value, np.ndarray) else self.value
        return {"value": value}


@REGISTRY.register("identity", "IdentityInitializer")
class Identity(Initializer):
    """The identity matrix times a gain.

    Arguments:
        gain: Factor.

    Raises:
        ShapeError: for a shape that is not a matrix.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        if len(shape) != 2:
            raise ShapeError(f"Identity makes matrices; got shape {tuple(shape)}.")
        return finished(self.gain * np.eye(*shape), dtype)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}
