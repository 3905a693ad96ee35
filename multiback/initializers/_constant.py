"""Weights that all start from given numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from multiback.errors import ShapeError
from multiback.initializers._initializer import Initializer, dtype_or_default
from multiback.initializers._registry import REGISTRY
from multiback.random._threefry import checked_shape
from multiback.saving.registry import deserialize, serialize


@REGISTRY.register("constant")
class Constant(Initializer):
    """Every element is `value`.

    Arguments:
        value: A number, or an array that broadcasts to the shape.

    Raises:
        ShapeError: on the call, if the value does not broadcast to the shape.

    Example:
        >>> Constant(3.0)((2,))
        array([3., 3.], dtype=float32)
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None, key: np.ndarray | None = None) -> np.ndarray:
        sizes = checked_shape(shape)
        values = np.asarray(self.value)
        try:
            spread = np.broadcast_to(values, sizes)
        except ValueError:
            raise ShapeError(f"Constant's value has shape {values.shape}, which does not fit {sizes}.") from None
        return spread.astype(dtype_or_default(dtype).numpy)

    def get_config(self) -> dict[str, Any]:
        return {"value": serialize(self.value)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return super().from_config({k: deserialize(v) for k, v in config.items()})


@REGISTRY.register("zeros", "zero")
class Zeros(Initializer):
    """Every element is 0.

    Example:
        >>> Zeros()((2,))
        array([0., 0.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None, key: np.ndarray | None = None) -> np.ndarray:
        return np.zeros(checked_shape(shape), dtype_or_default(dtype).numpy)


@REGISTRY.register("ones", "one")
class Ones(Initializer):
    """Every element is 1.

    Example:
        >>> Ones()((2,))
        array([1., 1.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None, key: np.ndarray | None = None) -> np.ndarray:
        return np.ones(checked_shape(shape), dtype_or_default(dtype).numpy)
