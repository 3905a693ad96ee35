"""What elementwise ops and reductions refuse, with the same words on every backend."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from multiback import ops
from multiback.errors import ArgumentError, DtypeError, MultibackError, ShapeError

FLOATS = np.ones((2, 3), np.float32)
INTEGERS = np.ones((2, 3), np.int32)
BOOLS = np.ones((2, 3), bool)

REFUSED = [
    (lambda: ops.add(BOOLS, BOOLS), DtypeError, "unsigned integers, floats, complex numbers; x1 is bool"),
    (lambda: ops.add(FLOATS, np.ones(4, np.float32)), ShapeError, "do not broadcast: sizes 3 and 4 differ"),
    (lambda: ops.negative(INTEGERS.astype(np.uint8)), DtypeError, "x is uint8. Cast it with ops.cast"),
    (lambda: ops.bitwise_and(FLOATS, 1), DtypeError, "bitwise_and() takes bool"),
    (lambda: ops.bitwise_left_shift(INTEGERS, 32), ArgumentError, "Cannot shift int32 by 32 bits. Use 0 to 31."),
    (lambda: ops.bitwise_right_shift(INTEGERS, -1), ArgumentError, "Use 0 to 31."),
    (lambda: ops.power(INTEGERS, -1), ArgumentError, "the exponent -1, whose result is not an integer"),
    (lambda: ops.where(BOOLS), ArgumentError, "where() needs x1 and x2"),
    (lambda: ops.clip(FLOATS, 1.0, 0.0), ArgumentError, "x_min=1.0 above x_max=0.0"),
    (lambda: ops.cast(FLOATS, "flot32"), DtypeError, "flot32"),
    (lambda: ops.sum(FLOATS, axis=2), ShapeError, "axis 2 is out of range for an array with 2 axes"),
    (lambda: ops.sum(FLOATS, axis=(0, -2)), ShapeError, "names an axis twice"),
    (lambda: ops.max(np.zeros((2, 0), np.float32), axis=1), ShapeError, "of an axis of size 0"),
    (lambda: ops.logsumexp(np.zeros((0,), np.float32)), ShapeError, "of an axis of size 0"),
    (lambda: ops.argmin(np.zeros((2, 0), np.float32), axis=1), ShapeError, "along an axis of size 0"),
    (lambda: ops.argmax(FLOATS, axis="1"), ArgumentError, "axis must be an integer"),
    (lambda: ops.average(FLOATS, axis=1, weights=np.ones(2)), ShapeError, "average() got weights of shape (2,)"),
    (lambda: ops.cumsum(FLOATS, axis=2), ShapeError, "axis 2 is out of range"),
]


@pytest.mark.parametrize("call, kind, words", REFUSED, ids=[words[:30] for _, _, words in REFUSED])
def test_refused(backend: str, call: Any, kind: type[MultibackError], words: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)


def test_python_numbers_and_lists(backend: str) -> None:
    assert float(ops.add(1, 2.5)) == 3.5
    assert float(ops.exp(0)) == 1.0
    assert np.asarray(ops.maximum([1, 5], 3)).tolist() == [3, 5]
    assert float(ops.sum(2.5)) == 2.5
    assert int(ops.argmax([1.0, float("nan"), 3.0])) == 1


def test_second_derivatives_stay_finite(backend: str) -> None:
    """The gradient of a gradient, where careless formulas give 0 * inf."""

    def slope(function: Any, at: float) -> float:
        return float(ops.grad(lambda x: ops.grad(function)(x))(np.float32(at)))

    assert slope(lambda x: ops.logaddexp(x, -500.0), 1.0) == 0.0
    assert slope(ops.abs, 0.0) == 0.0
    assert slope(lambda x: ops.maximum(x, 0.0) * x, 3.0) == 2.0
    assert slope(lambda x: ops.power(x, 3.0), 2.0) == pytest.approx(12.0, rel=1e-6)
