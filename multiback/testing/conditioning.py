"""How far iterated computation carries a rounding: perturbed runs of the reference say what a fair distance is.

A trajectory of training may be chaotic: an error of one rounding grows from step to step, whoever makes it. So the
reference itself is run again from initial values that differ by one unit in the last place, up or down at random, and a
backend's trajectory may leave the reference by at most 16 times the distance to which those runs have gone at the same
step. Where the dynamics contract, that distance is what the roundings of each step leave, and at least one rounding of
the values' norm. An error of meaning is larger than a rounding from its first step on, and does not pass.

Source: Lorenz 1982, Atmospheric predictability experiments with a large numerical model (twin experiments);
Higham 2002, Accuracy and stability of numerical algorithms, 1.6 (conditioning).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multiback import dtypes
from multiback.testing.judge import Verdict, Worst, unit_roundoff

SLACK = 16.0
"""A backend rounds at every step and in every op, where a twin is disturbed once: ops are held to c <= 16 too."""


def neighbours(arrays: Sequence[np.ndarray], random: np.random.Generator) -> list[np.ndarray]:
    """The arrays with every float moved by one unit in the last place, up or down; zeros and integers stay.

    Example:
        >>> neighbours([np.ones(1)], np.random.default_rng(0))[0] - 1.0 in (2.0**-52, -(2.0**-53))
        True
    """
    return [_neighbour(a, random) if dtypes.as_dtype(a.dtype).is_float else a for a in arrays]


def _neighbour(array: np.ndarray, random: np.random.Generator) -> np.ndarray:
    toward = np.where(random.integers(0, 2, array.shape), np.inf, -np.inf).astype(array.dtype)
    return np.where(array == 0, array, np.nextafter(array, toward))


@dataclass(frozen=True)
class Twins:
    """What a reference run reached, and how far its perturbed twins had gone from it by then.

    Attributes:
        want: The reference's arrays.
        growth: For each array, the largest 2-norm of a twin's difference from it.
    """

    want: tuple[np.ndarray, ...]
    growth: tuple[float, ...]

    @staticmethod
    def of(want: Sequence[np.ndarray], twins: Sequence[Sequence[np.ndarray]]) -> Twins:
        """The distances of some twins from the reference."""
        growth = [max(distance(twin[i], w) for twin in twins) for i, w in enumerate(want)]
        return Twins(tuple(want), tuple(growth))

    def judge(self, got: Sequence[np.ndarray], names: Sequence[str]) -> Verdict:
        """Whether every array is within 16 times its growth, or 16 roundings of its norm.

        Arguments:
            got: What a backend reached.
            names: Of the arrays, for the verdict's text.
        """
        allowed = [
            max(g, unit_roundoff(dtypes.as_dtype(w.dtype)) * float(np.linalg.norm(w)))
            for g, w in zip(self.growth, self.want)
        ]
        gone = [distance(g, w) for g, w in zip(got, self.want)]
        ratios = [0.0 if d == 0.0 else d / a if a else np.inf for d, a in zip(gone, allowed)]
        ratios = [np.inf if np.isnan(r) else r for r in ratios]
        i = int(np.argmax(ratios))
        norm = np.sqrt(sum(float(np.linalg.norm(w)) ** 2 for w in self.want))
        text = (
            f"{names[i]}: distance {gone[i]:.3g} from the reference, whose own twins reached {self.growth[i]:.3g} "
            f"(measured c = {ratios[i]:.3g})"
        )
        return Verdict(
            ratios[i] <= SLACK,
            float(ratios[i]),
            text,
            SLACK,
            relative_norm=float(np.sqrt(sum(d * d for d in gone))) / norm if norm else 0.0,
            worst=_worst(got[i], self.want[i]) if ratios[i] else None,
        )


def distance(got: np.ndarray, want: np.ndarray) -> float:
    """The 2-norm of the difference; infinite where shapes or dtypes differ."""
    if got.shape != want.shape or got.dtype != want.dtype:
        return np.inf
    return float(np.linalg.norm(np.asarray(got, np.float64) - np.asarray(want, np.float64)))


def _worst(got: np.ndarray, want: np.ndarray) -> Worst | None:
    if got.shape != want.shape:
        return None
    at = np.unravel_index(int(np.argmax(np.abs(got - want))), want.shape)
    return Worst(tuple(int(i) for i in at), got[at], want[at])
