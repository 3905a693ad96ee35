"""What every initializer is: a function of a shape and a dtype that gives a weight its first values."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from multiback import config as settings
from multiback.dtypes import DType, as_dtype
from multiback.errors import ArgumentError, unknown_name
from multiback.initializers._registry import REGISTRY


@REGISTRY.register("initializer")
class Initializer:
    """Base of initializers: subclasses define `__call__(shape, dtype=None)`, and `get_config` if they take arguments.

    A subclass that draws may take `key` too, uint32[2]: a layer then passes the key of the weight's path.

    Example:
        >>> class Half(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return np.full(shape, 0.5, dtype)
        >>> Half()((2,), "float32")
        array([0.5, 0.5], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None, key: np.ndarray | None = None) -> np.ndarray:
        """The values, an array of `shape` and `dtype`."""
        raise ArgumentError(f"{type(self).__name__} cannot make values: define __call__(shape, dtype=None) in it.")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The initializer that a configuration describes.

        Raises:
            UnknownNameError: for an argument that the constructor does not take.
        """
        known = inspect.signature(cls).parameters
        if not any(p.kind is p.VAR_KEYWORD for p in known.values()):
            for name in config:
                if name not in known:
                    raise unknown_name(f"argument of {cls.__name__}", name, known)
        return cls(**config)

    def clone(self) -> Self:
        """Another initializer of the same configuration."""
        return self.from_config(self.get_config())


def dtype_or_default(dtype: Any) -> DType:
    """The dtype asked for, or the default float dtype."""
    return as_dtype(settings.floatx() if dtype is None else dtype)
