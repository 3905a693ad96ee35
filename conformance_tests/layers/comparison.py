"""How near the tests of this folder want two results to be."""

from __future__ import annotations

import numpy as np


def assert_near(got: list[np.ndarray], want: list[np.ndarray], bound: float) -> None:
    """Equal shapes, and no element farther apart than `bound` times the largest of all."""
    assert [x.shape for x in got] == [x.shape for x in want]
    scale = max([1e-3, *(float(np.max(np.abs(b))) for b in want if b.size)])
    for a, b in zip(got, want):
        np.testing.assert_allclose(a, b, rtol=0, atol=bound * scale)
