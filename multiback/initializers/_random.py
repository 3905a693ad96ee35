"""Weights drawn independently from one distribution."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multiback.dtypes import DType
from multiback.errors import DtypeError
from multiback.initializers._initializer import Initializer, dtype_or_default
from multiback.initializers._registry import REGISTRY
from multiback.random import _host
from multiback.random._seed import SeedGenerator, checked_seed, fresh_key
from multiback.random._threefry import checked_shape, key_from_seed
from multiback.saving.registry import deserialize, serialize


class RandomInitializer(Initializer):
    """Base of initializers that draw: it finds the key, subclasses define `_draw`.

    An integer `seed` gives the same values at each call; a SeedGenerator gives its next. Without a seed, the key that a
    layer passes decides, made from the seed of the process and the weight's path. Without both, each call draws anew.

    Arguments:
        seed: An integer, a SeedGenerator, a SeedGenerator's configuration, or None.

    Raises:
        ArgumentError: if the seed is none of these.
    """

    def __init__(self, seed: int | SeedGenerator | Mapping[str, Any] | None = None) -> None:
        if isinstance(seed, Mapping):
            seed = deserialize(seed)
        self.seed = seed if seed is None or isinstance(seed, SeedGenerator) else checked_seed(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None, key: np.ndarray | None = None) -> np.ndarray:
        sizes, kind = checked_shape(shape), dtype_or_default(dtype)
        if not kind.is_float:
            raise DtypeError(f"{type(self).__name__} draws floats, got dtype {str(kind)!r}. Use a float dtype.")
        return self._draw(self._key(key), sizes, kind)

    @abstractmethod
    def _draw(self, key: np.ndarray, shape: tuple[int, ...], dtype: DType) -> np.ndarray:
        """The values for a key."""

    def _key(self, key: np.ndarray | None) -> np.ndarray:
        if isinstance(self.seed, SeedGenerator):
            return self.seed.next()
        if self.seed is not None:
            return key_from_seed(self.seed)
        return fresh_key() if key is None else np.asarray(key, np.uint32)

    def get_config(self) -> dict[str, Any]:
        return {"seed": serialize(self.seed)}


@REGISTRY.register("random_normal", "normal")
class RandomNormal(RandomInitializer):
    """Normal numbers of density exp(-(x - mean)^2 / (2 stddev^2)) / (stddev sqrt(2 pi)).

    Arguments:
        mean: Centre.
        stddev: Standard deviation.
        seed: See RandomInitializer.

    Example:
        >>> RandomNormal(stddev=1.0, seed=0)((2, 3)).shape
        (2, 3)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def _draw(self, key: np.ndarray, shape: tuple[int, ...], dtype: DType) -> np.ndarray:
        return _host.normal(key, shape, self.mean, self.stddev, dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


@REGISTRY.register("truncated_normal")
class TruncatedNormal(RandomInitializer):
    """Normal numbers, of which only those within two standard deviations of the mean are kept.

    Arguments:
        mean: Centre.
        stddev: Standard deviation before the truncation; after it, it is 0.8796 times this.
        seed: See RandomInitializer.

    Example:
        >>> bool(abs(TruncatedNormal(stddev=1.0)((100,))).max() <= 2.0)
        True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def _draw(self, key: np.ndarray, shape: tuple[int, ...], dtype: DType) -> np.ndarray:
        return _host.truncated_normal(key, shape, self.mean, self.stddev, dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


@REGISTRY.register("random_uniform", "uniform")
class RandomUniform(RandomInitializer):
    """Uniform numbers in [minval, maxval).

    Arguments:
        minval: Lower bound, included.
        maxval: Upper bound, excluded before rounding to the dtype.
        seed: See RandomInitializer.

    Example:
        >>> bool((RandomUniform(0.0, 1.0)((100,)) >= 0.0).all())
        True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def _draw(self, key: np.ndarray, shape: tuple[int, ...], dtype: DType) -> np.ndarray:
        return _host.uniform(key, shape, self.minval, self.maxval, dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}
