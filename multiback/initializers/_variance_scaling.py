"""Weights whose variance depends on how many units they join: the schemes of Glorot, He and Lecun."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback.dtypes import DType
from multiback.errors import ArgumentError, unknown_name
from multiback.initializers._random import RandomInitializer
from multiback.initializers._registry import REGISTRY
from multiback.random import _host

_TRUNCATED_STDDEV = 0.87962566103423978  # of the standard normal distribution cut at -2 and 2
_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")


@REGISTRY.register("variance_scaling")
class VarianceScaling(RandomInitializer):
    """Numbers of mean 0 and variance scale / max(1, n), n the fan in, the fan out, or the mean of both.

    Arguments:
        scale: Factor, over 0.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal" (or "normal"), "untruncated_normal" or "uniform".
        seed: See RandomInitializer.
        input_axes: Axes whose sizes make the fan in; counts only together with `output_axes`.
        output_axes: Axes whose sizes make the fan out.

    Raises:
        ArgumentError: if the scale is not over 0.
        UnknownNameError: for another mode or distribution.

    Example:
        >>> bool(abs(VarianceScaling(distribution="uniform")((3, 4))).max() <= 1.0)
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        if not scale > 0.0:
            raise ArgumentError(f"scale must be over 0, got {scale!r}.")
        if mode not in _MODES:
            raise unknown_name("mode of VarianceScaling", mode, _MODES)
        lowered = str(distribution).lower()
        lowered = "truncated_normal" if lowered == "normal" else lowered
        if lowered not in _DISTRIBUTIONS:
            raise unknown_name("distribution of VarianceScaling", distribution, _DISTRIBUTIONS)
        self.scale = scale
        self.mode = mode
        self.distribution = lowered
        self.input_axes = input_axes
        self.output_axes = output_axes

    def _draw(self, key: np.ndarray, shape: tuple[int, ...], dtype: DType) -> np.ndarray:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        units = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, units)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return _host.uniform(key, shape, -limit, limit, dtype)
        if self.distribution == "untruncated_normal":
            return _host.normal(key, shape, 0.0, math.sqrt(variance), dtype)
        return _host.truncated_normal(key, shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _NamedScaling(VarianceScaling):
    _scaling: tuple[float, str, str]

    def __init__(
        self, seed: Any = None, input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
    ) -> None:
        super().__init__(*self._scaling, seed=seed, input_axes=input_axes, output_axes=output_axes)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {name: config[name] for name in ("seed", "input_axes", "output_axes")}


@REGISTRY.register("glorot_uniform")
class GlorotUniform(_NamedScaling):
    """Uniform numbers in [-a, a), a = sqrt(6 / (fan_in + fan_out)).

    Arguments:
        seed: See RandomInitializer.
        input_axes: See VarianceScaling.
        output_axes: See VarianceScaling.

    Source: Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks.

    Example:
        >>> bool(abs(GlorotUniform()((3, 3))).max() <= 1.0)
        True
    """

    _scaling = (1.0, "fan_avg", "uniform")


@REGISTRY.register("glorot_normal")
class GlorotNormal(_NamedScaling):
    """Truncated normal numbers of variance 2 / (fan_in + fan_out).

    Arguments:
        seed: See RandomInitializer.
        input_axes: See VarianceScaling.
        output_axes: See VarianceScaling.

    Source: Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks.

    Example:
        >>> GlorotNormal(seed=0)((3, 3)).shape
        (3, 3)
    """

    _scaling = (1.0, "fan_avg", "truncated_normal")


@REGISTRY.register("he_uniform")
class HeUniform(_NamedScaling):
    """Uniform numbers in [-a, a), a = sqrt(6 / fan_in).

    Arguments:
        seed: See RandomInitializer.
        input_axes: See VarianceScaling.
        output_axes: See VarianceScaling.

    Source: He, Zhang, Ren and Sun 2015, Delving deep into rectifiers.

    Example:
        >>> bool(abs(HeUniform()((6, 3))).max() <= 1.0)
        True
    """

    _scaling = (2.0, "fan_in", "uniform")


@REGISTRY.register("he_normal")
class HeNormal(_NamedScaling):
    """Truncated normal numbers of variance 2 / fan_in.

    Arguments:
        seed: See RandomInitializer.
        input_axes: See VarianceScaling.
        output_axes: See VarianceScaling.

    Source: He, Zhang, Ren and Sun 2015, Delving deep into rectifiers.

    Example:
        >>> HeNormal(seed=0)((3, 3)).shape
        (3, 3)
    """

    _scaling = (2.0, "fan_in", "truncated_normal")


@REGISTRY.register("lecun_uniform")
class LecunUniform(_NamedScaling):
    """Uniform numbers in [-a, a), a = sqrt(3 / fan_in).

    Arguments:
        seed: See RandomInitializer.
        input_axes: See VarianceScaling.
        output_axes: See VarianceScaling.

    Source: LeCun, Bottou, Orr and Müller 1998, Efficient backprop.

    Example:
        >>> bool(abs(LecunUniform()((3, 3))).max() <= 1.0)
        True
    """

    _scaling = (1.0, "fan_in", "uniform")


@REGISTRY.register("lecun_normal")
class LecunNormal(_NamedScaling):
    """Truncated normal numbers of variance 1 / fan_in.

    Arguments:
        seed: See RandomInitializer.
        input_axes: See VarianceScaling.
        output_axes: See VarianceScaling.

    Source: Klambauer, Unterthiner, Mayr and Hochreiter 2017, Self-normalizing neural networks.

    Example:
        >>> LecunNormal(seed=0)((3, 3)).shape
        (3, 3)
    """

    _scaling = (1.0, "fan_in", "truncated_normal")


def compute_fans(
    shape: Sequence[int], input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """How many units a weight of this shape joins: (fan in, fan out).

    A matrix is (in, out); with more axes it is a convolution's kernel (*window, in, out), and the window's size
    multiplies both; a vector counts n for both, a scalar 1. With both lists of axes given, the products of those sizes.

    Example:
        >>> compute_fans((3, 3, 16, 32))
        (144, 288)
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[i] for i in input_axes), math.prod(shape[i] for i in output_axes)
    if len(shape) < 2:
        units = math.prod(shape)
        return units, units
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window
