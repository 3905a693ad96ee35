"""The initializers, each with its definition in terms of the draws on the host, and with the law of its values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from multiback.random import _host

Shape = tuple[int, ...]
Meaning = Callable[[np.ndarray, Shape], np.ndarray]

LARGE: Shape = (3, 3, 40, 60)
"""The shape whose moments are judged; its fan in is 360, its fan out 540."""

SHAPES: tuple[Shape, ...] = ((4, 6), (5,), (3, 3, 2, 4))
MATRICES: tuple[Shape, ...] = ((4, 6), (6, 4), (5, 5))

_CUT = 0.87962566103423978
"""The standard deviation of the normal distribution within -2 and 2."""


@dataclass(frozen=True)
class Law:
    """The moments of independent values at the shape `LARGE`.

    Attributes:
        variance: Of each value; the mean is `mean`.
        kurtosis: Fourth moment over the squared variance, from which the spread of the measured variance follows.
        limit: The largest distance from the mean.
        mean: Of each value.
    """

    variance: float
    kurtosis: float
    limit: float
    mean: float = 0.0


@dataclass(frozen=True, eq=False)
class InitializerCase:
    """An initializer and what it makes.

    Attributes:
        name: Of the class.
        meaning: The values for a key and a shape, in float64.
        arguments: Of the constructor.
        shapes: What it is asked for.
        law: Of its values, when they are independent draws.
        roundings: How far, in units of rounding of the largest value, two ways to compute them may differ.
        note: What else its id says, such as the divergence that it settles.
    """

    name: str
    meaning: Meaning
    arguments: Mapping[str, Any] = field(default_factory=dict)
    shapes: tuple[Shape, ...] = SHAPES
    law: Law | None = None
    roundings: float = 4.0
    note: str = ""

    @property
    def label(self) -> str:
        """Its arguments, as they appear in an id."""
        words = [self.note] if self.note else []
        return ",".join([*words, *(f"{k}={v}" for k, v in self.arguments.items())]) or "default"


def fans(shape: Shape) -> tuple[float, float]:
    """Fan in and fan out: the last two sizes, times those of the window before them; of a vector, its size twice."""
    if len(shape) == 1:
        return shape[0], shape[0]
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def _mean_fan(shape: Shape) -> float:
    return sum(fans(shape)) / 2.0


def _fan_in(shape: Shape) -> float:
    return fans(shape)[0]


def _fan_out(shape: Shape) -> float:
    return fans(shape)[1]


def _uniform(name: str, scale: float, units: Callable[[Shape], float], arguments: Any = ()) -> InitializerCase:
    """Of variance scale / units."""

    def meaning(key: np.ndarray, shape: Shape) -> np.ndarray:
        limit = math.sqrt(3.0 * scale / units(shape))
        return _host.uniform(key, shape, -limit, limit)

    variance = scale / units(LARGE)
    return InitializerCase(name, meaning, dict(arguments), law=Law(variance, 1.8, math.sqrt(3.0 * variance)))


def _truncated(name: str, scale: float, units: Callable[[Shape], float], arguments: Any = ()) -> InitializerCase:
    """Of variance scale / units after the truncation."""

    def meaning(key: np.ndarray, shape: Shape) -> np.ndarray:
        return _host.truncated_normal(key, shape, 0.0, math.sqrt(scale / units(shape)) / _CUT)

    variance = scale / units(LARGE)
    # A truncated normal distribution has a lower kurtosis than the normal one.
    return InitializerCase(name, meaning, dict(arguments), law=Law(variance, 3.0, 2.0 * math.sqrt(variance) / _CUT))


def _normal(key: np.ndarray, shape: Shape) -> np.ndarray:
    return _host.normal(key, shape, 1.0, 0.3)


def _orthogonal(key: np.ndarray, shape: Shape) -> np.ndarray:
    """Gram and Schmidt's process on the columns of a normal matrix, or on the rows when there are fewer."""
    rows, columns = math.prod(shape[:-1]), shape[-1]
    basis: list[np.ndarray] = []
    for column in _host.normal(key, (max(rows, columns), min(rows, columns))).T:
        for _ in range(2):  # the second pass removes what rounding left
            column = column - sum((b * (b @ column) for b in basis), np.zeros_like(column))
        basis.append(column / np.linalg.norm(column))
    matrix = np.array(basis)
    return 2.0 * (matrix if rows < columns else matrix.T).reshape(shape)


INITIALIZERS = (
    InitializerCase("Zeros", lambda key, shape: np.zeros(shape)),
    InitializerCase("Ones", lambda key, shape: np.ones(shape)),
    InitializerCase("Constant", lambda key, shape: np.full(shape, 0.3), {"value": 0.3}),
    InitializerCase("Identity", lambda key, shape: 2.0 * np.eye(shape[0], shape[1]), {"gain": 2.0}, MATRICES),
    InitializerCase(
        "RandomNormal",
        _normal,
        {"mean": 1.0, "stddev": 0.3},
        law=Law(0.09, 3.0, 8.3 * 0.3, mean=1.0),
        note="divergence-59",
    ),
    InitializerCase(
        "RandomUniform",
        lambda key, shape: _host.uniform(key, shape, -1.0, 2.0),
        {"minval": -1.0, "maxval": 2.0},
        law=Law(9.0 / 12.0, 1.8, 1.5, mean=0.5),
    ),
    InitializerCase(
        "TruncatedNormal",
        lambda key, shape: _host.truncated_normal(key, shape, 1.0, 0.3),
        {"mean": 1.0, "stddev": 0.3},
        law=Law((0.3 * _CUT) ** 2, 3.0, 0.6, mean=1.0),
        note="divergence-59",
    ),
    _truncated("VarianceScaling", 1.0, _fan_in),
    _uniform("VarianceScaling", 3.0, _fan_out, {"scale": 3.0, "mode": "fan_out", "distribution": "uniform"}),
    InitializerCase(
        "VarianceScaling",
        lambda key, shape: _host.normal(key, shape, 0.0, math.sqrt(1.0 / _mean_fan(shape))),
        {"mode": "fan_avg", "distribution": "untruncated_normal"},
        law=Law(1.0 / _mean_fan(LARGE), 3.0, 8.3 * math.sqrt(1.0 / _mean_fan(LARGE))),
    ),
    _uniform("GlorotUniform", 1.0, _mean_fan),
    _truncated("GlorotNormal", 1.0, _mean_fan),
    _uniform("HeUniform", 2.0, _fan_in),
    _truncated("HeNormal", 2.0, _fan_in),
    _uniform("LecunUniform", 1.0, _fan_in),
    _truncated("LecunNormal", 1.0, _fan_in),
    # Both ways to orthogonalize lose as many digits as the matrix is ill conditioned: below 100 for these keys.
    InitializerCase("Orthogonal", _orthogonal, {"gain": 2.0}, (*MATRICES, (2, 3, 4)), roundings=1000.0),
)
