"""The judge: what passes, what fails, and the figures it reports."""

from __future__ import annotations

import numpy as np
import pytest

from multiback import dtypes
from multiback.testing.judge import judge

U = 2.0**-24


def single(*values: float) -> np.ndarray:
    return np.array(values, "float32")


def double(*values: float) -> np.ndarray:
    return np.array(values, "float64")


def test_the_bound_is_c_units_of_rounding_of_the_scale() -> None:
    got, want = single(1.0 + 6 * 2 * U), double(1.0)
    assert judge(got, want, dtypes.float32, c=12.0).passed
    verdict = judge(got, want, dtypes.float32, c=11.9)
    assert not verdict.passed
    assert verdict.measured == pytest.approx(12.0)
    assert judge(got, want, dtypes.float32, c=1.2, scale=10.0).passed


def test_figures_are_of_the_worst_element() -> None:
    verdict = judge(single(1.0, 2.0 + 8 * U, -4.0), double(1.0, 2.0, -4.0), dtypes.float32, c=8.0)
    assert verdict.measured == pytest.approx(4.0)
    assert verdict.ulp_max == pytest.approx(2.0)
    assert verdict.relative_norm == pytest.approx(8 * U / np.sqrt(21.0))
    assert verdict.worst is not None
    assert verdict.worst.index == (1,)
    assert verdict.worst.want == 2.0


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (np.nan, 1.0),
        (1.0, np.nan),
        (np.inf, -np.inf),
        (np.inf, 1.0),
        (1.0, np.inf),
        (3.4e38, np.inf),
    ],
)
def test_what_is_not_finite_must_match(got: float, want: float) -> None:
    assert not judge(single(got), double(want), dtypes.float32, c=1e30).passed


@pytest.mark.parametrize(("got", "want"), [(np.nan, np.nan), (np.inf, np.inf), (np.inf, 1e39), (0.0, 1e-40)])
def test_what_the_dtype_cannot_hold_is_no_error(got: float, want: float) -> None:
    assert judge(single(got), double(want), dtypes.float32, c=1.0).passed


def test_shapes_and_dtypes_must_match() -> None:
    assert "shape (2,), expected (1,)" in judge(single(1, 2), double(1), dtypes.float32, c=8).text
    assert "dtype float64, expected float32" in judge(double(1), double(1), dtypes.float32, c=8).text


def test_integers_are_exact() -> None:
    integers = np.array([1, 2, 3], "int32")
    assert judge(integers, integers, dtypes.int32, c=1e9).passed
    assert judge(integers + 1, integers, dtypes.int32, c=1e9).text.startswith("got np.int32(2), reference np.int32(1)")


def test_half_precision_counts_its_own_units() -> None:
    smallest = np.array([2.0**-24], "float16")
    verdict = judge(smallest, double(0.0), dtypes.float16, c=8.0)
    assert verdict.ulp_max == pytest.approx(1.0)


def test_complex_numbers_are_judged_by_their_parts() -> None:
    want = np.array([1.0 + 1e-3j])
    near = np.array([1.0 + 1.00001e-3j], "complex64")
    assert judge(near, want, dtypes.complex64, c=1.0).passed
    far = np.array([1.0 + 1.1e-3j], "complex64")
    verdict = judge(far, want, dtypes.complex64, c=8.0)
    assert not verdict.passed
    assert verdict.worst is not None
    assert verdict.worst.index == (0, 1)
