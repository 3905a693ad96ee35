"""How far rounding alone may move the results of a graph: random rounding of every primitive, in float64.

Each primitive's result y is moved to y + u * s * r, with u the unit roundoff of its dtype, s the magnitude at which the
op rounds (`scale` of its conformance cases: |A||B| for a product, sum|x| for a sum, |y| where nothing cancels, 0 for an
op that only moves data) and r = +1 or -1 at random. The spread of a few such runs shows how the model's own
conditioning, its cancellations, ties and kinks included, magnifies the rounding that no backend can avoid.

Source: Parker 1997, Monte Carlo Arithmetic; Denis, de Oliveira Castro and Petit 2016, Verificarlo.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback.dtypes import DType
from multiback.graph.ir import Equation, Graph
from multiback.graph.op import Op
from multiback.testing.judge import Verdict, judge, unit_roundoff
from multiback.testing.values import evaluate, written_out

SAMPLES = 8
SLACK = 16.0
"""Results are accepted within 16 times the spread: ops are held to c <= 16 units of rounding, the samples to 1."""


CORRECTLY_ROUNDED = frozenset({"add", "subtract", "multiply", "divide"})
"""By IEEE 754 these round at the magnitude of their result, also where their operands cancel: x - x is exactly 0."""

SELECTING = frozenset({"amax", "amin", "maximum", "minimum", "sign", "take", "where"})
"""These hand on one of their operands, or a small integer: they round nothing, whatever bound their cases have."""


@dataclass(frozen=True)
class Spread:
    """A float64 result, and where random rounding took it.

    Attributes:
        want: The result without rounding.
        low, high: The least and the largest of the samples, element by element.
        roundings: How many units of rounding the samples were moved by at each primitive.
    """

    want: np.ndarray
    low: np.ndarray
    high: np.ndarray
    roundings: float = 1.0

    @property
    def radius(self) -> np.ndarray:
        """The largest distance of a sample from the result, element by element."""
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(np.maximum(self.high - self.want, self.want - self.low), nan=0.0)

    def judge(self, got: np.ndarray, dtype: DType, elementwise: bool = False) -> Verdict:
        """Whether a result is within 16 times the spread that one rounding at each primitive makes.

        Arguments:
            got: What a backend computed.
            dtype: What its dtype must be.
            elementwise: Whether each element has a bound of its own; else all have that of the worst, at least one
                rounding of the largest. Of integers, each must be between the samples' least and largest.
        """
        if not dtype.is_float:
            inside = got.shape == self.want.shape and bool(np.all((self.low <= got) & (got <= self.high)))
            return judge(self.want if inside else got, self.want, dtype, c=0.0)
        u = unit_roundoff(dtype)
        size = self.radius / u
        if not elementwise and size.size:
            finite = np.abs(self.want[np.isfinite(self.want)])
            size = np.asarray(max(float(size.max()), float(finite.max(initial=0.0))))
        return judge(got, self.want, dtype, c=SLACK / self.roundings, scale=size)


def spreads(
    graph: Graph, inputs: Sequence[np.ndarray], samples: int = SAMPLES, seed: int = 0, roundings: float = 1.0
) -> list[Spread]:
    """The float64 results of a graph, and how far random rounding moves them.

    Arguments:
        graph: Gradients and composites are written out first.
        inputs: One array per input, as the backends get them.
        samples: Number of runs with random rounding.
        seed: Of the random signs, so that a verdict can be repeated.
        roundings: How many units of rounding a primitive's result is moved by. 16 make the slack part of the samples,
            which is right where a result is not in proportion to its errors, such as the square of a gradient that is
            0 but for rounding.

    Returns:
        One `Spread` per output.
    """
    graph = written_out(graph)
    want = evaluate(graph, inputs, wide=True)
    low, high = list(want), list(want)
    random = np.random.default_rng(seed)

    def rounded(equation: Equation, operands: Any, attributes: Any, results: list[np.ndarray]) -> list[np.ndarray]:
        magnitude = scale_of(equation.op, operands, attributes, results)
        return [
            _moved(y, roundings * unit_roundoff(v.dtype), s, random)
            for v, y, s in zip(equation.flat_outputs, results, magnitude)
        ]

    with np.errstate(all="ignore"):
        for _ in range(samples):
            sample = evaluate(graph, inputs, wide=True, after=rounded)
            low = [np.fmin(a, b) for a, b in zip(low, sample)]
            high = [np.fmax(a, b) for a, b in zip(high, sample)]
    return [Spread(*row, roundings) for row in zip(want, low, high)]


def _moved(y: np.ndarray, u: float, scale: Any, random: np.random.Generator) -> np.ndarray:
    if scale is None or u == 0.0 or y.dtype.kind != "f":
        return y
    return y + u * scale * (2.0 * random.integers(0, 2, y.shape) - 1.0)


def scale_of(op: Op, operands: Any, attributes: Any, results: Sequence[np.ndarray]) -> Sequence[Any]:
    """The magnitude at which a primitive rounds, for each result; None for one that is exact."""
    exact, scales = _rounding(op)
    if exact:
        return [None] * len(results)
    if op.name in CORRECTLY_ROUNDED:
        return [np.abs(y) for y in results]
    for scale in scales:
        try:
            found = scale(*operands, **attributes)
        except (TypeError, ValueError, IndexError):
            continue  # a scale that is written for another use of the op, such as one with other operands
        found = found if isinstance(found, tuple) else (found,)
        if len(found) == len(results):
            return found
    return [np.abs(y) for y in results]


@functools.cache
def _rounding(op: Op) -> tuple[bool, tuple[Any, ...]]:
    bounds = [case.bound for case in op.cases if any(d.startswith(("float", "bfloat")) for d in case.dtypes)]
    exact = op.name in SELECTING or (bool(bounds) and all(b.c == 0.0 for b in bounds))
    return exact, tuple(dict.fromkeys(b.scale for b in bounds if b.scale is not None))
