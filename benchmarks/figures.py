"""Figures from measured samples: means, spreads, ratios, slopes, and the rule that calls a difference a regression."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# A difference below this share is never called a regression, however quiet the machine was.
LEAST_REGRESSION = 0.03


def geometric_mean(values: Sequence[float]) -> float:
    """The n-th root of the product of n positive numbers."""
    return math.exp(statistics.fmean(math.log(value) for value in values))


def spread(samples: Sequence[float]) -> float:
    """(max - min) / median."""
    return (max(samples) - min(samples)) / statistics.median(samples)


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """The slope of the straight line with the least squared distance from the points."""
    return statistics.linear_regression(x, y).slope


@dataclass(frozen=True)
class Ratio:
    """How many times the cost of something a thing costs.

    Attributes:
        value: The ratio of the medians.
        low, high: The smallest and the largest ratio of two samples of the same round.
    """

    value: float
    low: float
    high: float


def ratio(samples: Sequence[float], base: Sequence[float]) -> Ratio:
    """The ratio of two lists of samples, one of each for every round."""
    rounds = [sample / other for sample, other in zip(samples, base, strict=True)]
    return Ratio(statistics.median(samples) / statistics.median(base), min(rounds), max(rounds))


@dataclass(frozen=True)
class Change:
    """What became of one figure between two commits.

    Attributes:
        ratio: The median over the rounds of new / old.
        noise: What old / old, measured in the same rounds, says a ratio is uncertain by.
        allowed: The largest ratio that is no regression.
    """

    ratio: float
    noise: float
    allowed: float

    @property
    def regressed(self) -> bool:
        """Whether it got slower by more than the noise explains."""
        return self.ratio > self.allowed

    @property
    def improved(self) -> bool:
        """Whether it got quicker by more than the noise explains."""
        return self.ratio < 1 / self.allowed


def change(old: Sequence[float], new: Sequence[float], control: Sequence[float]) -> Change:
    """Compares two commits by samples of the same rounds; `control` are samples of the old one in a second process.

    The noise is half the range between the quartiles of control / old over the rounds, or the distance of their median
    from 1 where that is larger. A ratio above 1 + max(3 %, 2 x noise) is a regression.
    """
    same = [b / a for a, b in zip(old, control, strict=True)]
    low, _, high = statistics.quantiles(same, n=4, method="inclusive")
    noise = max((high - low) / 2, abs(statistics.median(same) - 1))
    middle = statistics.median(b / a for a, b in zip(old, new, strict=True))
    return Change(middle, noise, 1 + max(LEAST_REGRESSION, 2 * noise))
