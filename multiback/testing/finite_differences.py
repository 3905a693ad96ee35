"""Directional derivatives by central differences, with which written-out gradients are judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback.testing.judge import Verdict

GRADIENT_BOUND = 1e-6
"""Of a gradient's largest element: extrapolated differences agree to 1e-8 where a function is smooth."""

STEPS = tuple(10.0**-k for k in (2, 3, 4, 5, 6))


def directional_difference(
    function: Callable[..., Any], arrays: Sequence[np.ndarray], directions: Sequence[np.ndarray | None]
) -> tuple[float, float]:
    """The derivative of a scalar function along a direction, and how well it is known.

    D(h) = (f(x + h d) - f(x - h d)) / 2h, extrapolated to (4 D(h/2) - D(h)) / 3, at the step h where D(h) and D(h/2)
    agree best: large steps suffer from curvature and kinks, small ones from rounding.

    Arguments:
        function: From arrays in float64 to a scalar.
        arrays: Where it is differentiated.
        directions: One array per argument; None for one that is held.

    Returns:
        The derivative, and |D(h) - D(h/2)|, which estimates its error from above.

    Source: L. F. Richardson, The approximate arithmetical solution by finite differences (1911).
    """

    def difference(h: float) -> float:
        ends = [
            float(function(*(x if d is None else x + sign * h * d for x, d in zip(arrays, directions))))
            for sign in (1.0, -1.0)
        ]
        return (ends[0] - ends[1]) / (2.0 * h)

    best = (np.nan, np.inf)
    for h in STEPS:
        coarse, fine = difference(h), difference(h / 2.0)
        if abs(coarse - fine) < best[1]:
            best = ((4.0 * fine - coarse) / 3.0, abs(coarse - fine))
    return best


def gradient_by_differences(function: Callable[[np.ndarray], Any], x: np.ndarray) -> np.ndarray:
    """The gradient of a scalar function of one array in float64, element by element."""
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        direction = np.zeros_like(x)
        direction[place] = 1.0
        gradient[place] = directional_difference(function, [x], [direction])[0]
    return gradient


def judge_gradient(got: np.ndarray, by_differences: np.ndarray) -> Verdict:
    """Whether a gradient in float64 is that found by differences, to `GRADIENT_BOUND` of its largest element."""
    if got.shape != by_differences.shape or got.dtype != np.float64:
        text = f"{got.dtype}{got.shape}, expected float64{by_differences.shape}"
        return Verdict(False, np.inf, text, GRADIENT_BOUND)
    size = np.abs(by_differences).max(initial=0.0)
    error = np.abs(got - by_differences).max(initial=0.0)
    relative = float(error / size if size else error)
    text = f"{got.tolist()}, by differences {by_differences.tolist()} (relative {relative:.2g})"
    return Verdict(relative <= GRADIENT_BOUND, relative, text, GRADIENT_BOUND)
