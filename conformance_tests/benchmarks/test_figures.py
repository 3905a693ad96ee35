"""The arithmetic between what is timed and what is claimed."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

QUIET = [1.0, 1.01, 0.99, 1.005, 0.995, 1.002, 0.998]


def test_geometric_mean_of_a_ratio_and_its_inverse_is_one(benchmarks: SimpleNamespace) -> None:
    assert benchmarks.figures.geometric_mean([4.0, 0.25]) == pytest.approx(1.0)
    assert benchmarks.figures.geometric_mean([2.0, 2.0, 16.0]) == pytest.approx(4.0)


def test_spread_is_the_range_over_the_median(benchmarks: SimpleNamespace) -> None:
    assert benchmarks.figures.spread([1.0, 2.0, 4.0]) == pytest.approx(1.5)


def test_slope_is_that_of_the_least_squares(benchmarks: SimpleNamespace) -> None:
    assert benchmarks.figures.slope([2, 8, 32, 64], [0.5 + 0.1 * n for n in (2, 8, 32, 64)]) == pytest.approx(0.1)
    assert benchmarks.figures.slope([0, 1, 2], [0.0, 2.0, 1.0]) == pytest.approx(0.5)


def test_ratio_is_of_medians_and_its_range_of_rounds(benchmarks: SimpleNamespace) -> None:
    found = benchmarks.figures.ratio([1.0, 2.0, 9.0], [2.0, 2.0, 3.0])
    assert (found.value, found.low, found.high) == (1.0, 0.5, 3.0)


def test_the_difference_of_two_chunks_is_free_of_what_a_call_costs(benchmarks: SimpleNamespace) -> None:
    samples, chunks = benchmarks.compare.Samples(), benchmarks.workloads.Chunks(4, 20)
    samples.add(0.5 + 4 * 0.1, 0.5 + 20 * 0.1, chunks)
    assert samples.step == [pytest.approx(0.1)]
    assert samples.call == [pytest.approx(0.5)]


def test_the_same_speed_is_no_regression(benchmarks: SimpleNamespace) -> None:
    found = benchmarks.figures.change(QUIET, QUIET[::-1], QUIET)
    assert not found.regressed
    assert not found.improved


def test_a_difference_below_three_percent_is_never_one(benchmarks: SimpleNamespace) -> None:
    old = [1.0] * 7
    assert benchmarks.figures.change(old, [1.029] * 7, old).allowed == pytest.approx(1.03)
    assert not benchmarks.figures.change(old, [1.029] * 7, old).regressed
    assert benchmarks.figures.change(old, [1.031] * 7, old).regressed
    assert benchmarks.figures.change(old, [0.9] * 7, old).improved


def test_noise_widens_what_is_allowed(benchmarks: SimpleNamespace) -> None:
    old, control = [1.0] * 5, [0.9, 0.95, 1.0, 1.05, 1.1]
    found = benchmarks.figures.change(old, [1.09] * 5, control)
    assert found.noise == pytest.approx(0.05)
    assert found.allowed == pytest.approx(1.1)
    assert not found.regressed
    assert benchmarks.figures.change(old, [1.11] * 5, control).regressed


def test_a_control_that_is_off_in_every_round_is_noise_too(benchmarks: SimpleNamespace) -> None:
    found = benchmarks.figures.change([1.0] * 5, [1.15] * 5, [1.1] * 5)
    assert found.noise == pytest.approx(0.1)
    assert not found.regressed


def test_one_disturbed_round_hides_no_regression(benchmarks: SimpleNamespace) -> None:
    old = [1.0] * 9
    found = benchmarks.figures.change(old, [*[1.2] * 8, 0.5], [*[1.0] * 8, 3.0])
    assert math.isclose(found.ratio, 1.2)
    assert found.regressed
