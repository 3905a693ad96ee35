"""Initializers whose variance follows the numbers of inputs and outputs of a unit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from multiback.errors import ArgumentError
from multiback.initializers.initializer import RandomInitializer
from multiback.initializers.registry import REGISTRY
from multiback.random import _host
Key = np.ndarray

_TRUNCATED_STDDEV = 0.87962566103423978
"""Standard deviation of a standard normal truncated to two standard deviations."""


@REGISTRY.register("variance_scaling")
class VarianceScaling(RandomInitializer):
    """Values with variance scale / n, where n is fan_in, fan_out or their mean.

    Arguments:
        scale: Positive factor.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal", "untruncated_normal" or "uniform".
        seed: See `RandomInitializer`.

    Raises:
        ArgumentError: for another mode or distribution, or a scale that is not positive.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        if scale <= 0:
            raise ArgumentError(f"VarianceScaling: scale must be positive, got {scale}.")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ArgumentError(f"VarianceScaling: mode must be 'fan_in', 'fan_out' or 'fan_avg', got {mode!r}.")
        distribution = distribution.lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ArgumentError(
                "VarianceScaling: distribution must be 'uniform', 'truncated_normal' or 'untruncated_normal', "
                f"got {distribution!r}."
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution

    def draw(self, key: Key, shape: tuple[int, ...]) -> np.ndarray:
        fan_in, fan_out = compute_fans(shape)
        count = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, count)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return _host.uniform(key, shape, -limit, limit)
        if self.distribution == "untruncated_normal":
            return _host.normal(key, shape, 0.0, math.sqrt(variance))
        return _host.truncated_normal(key, shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV)

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, **super().get_config()}


def compute_fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight: sizes of the last two axes, times the positions of a kernel."""
    if len(shape) < 2:
        only = shape[0] if shape else 1
        return only, only
    positions = int(np.prod(shape[:-2]))
    return positions * shape[-2], positions * shape[-1]


class _Named(VarianceScaling):
    _scale, _mode, _distribution = 1.0, "fan_in", "uniform"

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(self._scale, self._mode, self._distribution, seed)

    def get_config(self) -> dict[str, Any]:
        return RandomInitializer.get_config(self)


@REGISTRY.register("glorot_uniform")
class GlorotUniform(_Named):
    """Uniform with variance 2 / (fan_in + fan_out). Source: Glorot and Bengio (2010)."""

    _mode = "fan_avg"


@REGISTRY.register("glorot_normal")
class GlorotNormal(_Named):
    """Truncated normal with variance 2 / (fan_in + fan_out). Source: Glorot and Bengio (2010)."""

    _mode, _distribution = "fan_avg", "truncated_normal"


@REGISTRY.register("he_uniform")
class HeUniform(_Named):
    """Uniform with variance 2 / fan_in. Source: He, Zhang, Ren and Sun (2015)."""

    _scale = 2.0


@REGISTRY.register("he_normal")
class HeNormal(_Named):
    """Truncated normal with variance 2 / fan_in. Source: He, Zhang, Ren and Sun (2015)."""

    _scale, _distribution = 2.0, "truncated_normal"


@REGISTRY.register("lecun_uniform")
class LecunUniform(_Named):
    """Uniform with variance 1 / fan_in. Source: LeCun, Bottou, Orr and Mueller (1998)."""


@REGISTRY.register("lecun_normal")
class LecunNormal(_Named):
    """Truncated normal with variance 1 / fan_in. Source: LeCun, Bottou, Orr and Mueller (1998)."""

    _distribution = "truncated_normal"
