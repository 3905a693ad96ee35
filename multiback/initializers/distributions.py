"""Initializers that draw from one distribution, whatever the shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.initializers.initializer import RandomInitializer
from multiback.initializers.registry import REGISTRY
from multiback.random import _host
Key = np.ndarray


@REGISTRY.register("random_normal")
class RandomNormal(RandomInitializer):
    """Normally distributed values.

    Arguments:
        mean, stddev: Of the distribution.
        seed: See `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def draw(self, key: Key, shape: tuple[int, ...]) -> np.ndarray:
        return _host.normal(key, shape, self.mean, self.stddev)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


@REGISTRY.register("truncated_normal")
class TruncatedNormal(RandomInitializer):
    """Normally distributed values within two standard deviations of the mean.

    Arguments:
        mean, stddev: Of the distribution before truncation.
        seed: See `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def draw(self, key: Key, shape: tuple[int, ...]) -> np.ndarray:
        return _host.truncated_normal(key, shape, self.mean, self.stddev)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


@REGISTRY.register("random_uniform", "uniform")
class RandomUniform(RandomInitializer):
    """Uniformly distributed values on [minval, maxval).

    Arguments:
        minval, maxval: The range.
        seed: See `RandomInitializer`.
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def draw(self, key: Key, shape: tuple[int, ...]) -> np.ndarray:
        return _host.uniform(key, shape, self.minval, self.maxval)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, **super().get_config()}


@REGISTRY.register("orthogonal", "OrthogonalInitializer")
class Orthogonal(RandomInitializer):
    """A random matrix with orthonormal rows or columns; further axes are folded into the rows.

    Source: Saxe, McClelland and Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks (2013); Mezzadri (2007) for the signs of the QR factorisation.

    Arguments:
        gain: Factor.
        seed: See `RandomInitializer`.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def draw(self, key: Key, shape: tuple[int, ...]) -> np.ndarray:
        from multiback.errors import ShapeError

        if len(shape) < 2:
            raise ShapeError(f"Orthogonal makes matrices or kernels; got shape {shape}.")
        rows, columns = int(np.prod(shape[:-1])), shape[-1]
        q, r = np.linalg.qr(_host.normal(key, (max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))
        return self.gain * (q if rows >= columns else q.T).reshape(shape)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, **super().get_config()}
