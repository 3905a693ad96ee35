"""The base of initializers: first values of weights, made on the host and hence the same on every backend."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multiback import config
from multiback.dtypes import as_dtype
from multiback.random._seed import key_for
from multiback.random._threefry import key_from_seed as key_of_seed
Key = np.ndarray


class Initializer:
    """Makes an array of a given shape and dtype; subclasses define `__call__`.

    Example:
        >>> class Halves(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return numpy.full(shape, 0.5, dtype)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, shape, dtype=None).")

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """An initializer with this configuration."""
        return cls(**config)

    def clone(self) -> Any:
        """An equal initializer."""
        return self.from_config(self.get_config())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.get_config()}>"


class RandomInitializer(Initializer):
    """An initializer that draws.

    Arguments:
        seed: An integer gives the same values at every call; None draws by the key a layer passes, which depends on the
            global seed and the path of the weight.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = None, key: Key | None = None) -> np.ndarray:
        return finished(self.draw(self._key(key), tuple(shape)), dtype)

    def draw(self, key: Key, shape: tuple[int, ...]) -> np.ndarray:
        """Float64 values; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} must define draw(self, key, shape).")

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed if isinstance(self.seed, int) else None}

    def _key(self, key: Key | None) -> Key:
        if isinstance(self.seed, int):
            return key_for("initializer", seed=self.seed)
        if self.seed is not None:
            return np.asarray(self.seed.next()).view(np.uint32)
        return key if key is not None else key_of_seed(int.from_bytes(os.urandom(8), "little"))


def finished(array: np.ndarray, dtype: Any) -> np.ndarray:
    """The array in the dtype asked for, default `config.floatx()`."""
    return array.astype(as_dtype(dtype or config.floatx()).numpy)
