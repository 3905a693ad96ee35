"""Symbolic sizes: arithmetic, comparison and evaluation."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiback.errors import ShapeError
from multiback.graph import dims
from multiback.graph.dims import Dim

BATCH, TIME = Dim.named("batch"), Dim.named("time")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (BATCH, "batch"),
        (2 * BATCH + BATCH - 1, "3*batch - 1"),
        (BATCH * TIME * 4, "4*batch*time"),
        (BATCH // 2, "(batch // 2)"),
        ((BATCH - 1) // 2 + 1, "((batch - 1) // 2) + 1"),
        (1 - BATCH, "-batch + 1"),
    ],
)
def test_a_size_prints_readably(size: Dim, text: str) -> None:
    assert str(size) == text


@pytest.mark.parametrize(
    ("size", "value"),
    [(BATCH - BATCH, 0), (BATCH * 0 + 3, 3), (BATCH // BATCH, 1), (6 * BATCH // (2 * BATCH), 3), ((BATCH * 4) % 2, 0)],
)
def test_a_size_without_names_is_an_integer(size: object, value: int) -> None:
    assert size == value
    assert isinstance(size, int)


def test_equality_means_equal_for_every_batch() -> None:
    assert (BATCH + 1) * 2 == 2 * BATCH + 2
    assert BATCH != TIME
    assert hash(BATCH + TIME) == hash(TIME + BATCH)


@given(st.integers(1, 50), st.integers(1, 50), st.integers(-5, 5), st.integers(1, 5))
def test_arithmetic_agrees_with_integers(batch: int, time: int, shift: int, factor: int) -> None:
    sizes = {"batch": batch, "time": time}
    size = (BATCH * factor + shift) * TIME - BATCH
    assert dims.evaluate(size, sizes) == (batch * factor + shift) * time - batch
    for divisor in (2, 3):
        assert dims.evaluate((BATCH + shift) // divisor, sizes) == (batch + shift) // divisor
        assert dims.evaluate((BATCH + shift) % divisor, sizes) == (batch + shift) % divisor
    assert dims.evaluate(dims.maximum(BATCH, TIME), sizes) == max(batch, time)


def test_order_is_known_only_where_it_always_holds() -> None:
    assert BATCH >= 1
    assert BATCH + 1 > BATCH
    assert dims.maximum(BATCH, 0) == BATCH
    with pytest.raises(ShapeError, match="Whether batch > 3 is not known"):
        assert BATCH > 3


def test_a_size_is_no_integer_while_tracing() -> None:
    with pytest.raises(ShapeError, match="The size batch is not known"):
        range(BATCH)  # type: ignore[call-overload]


def test_substitution() -> None:
    assert dims.substitute(2 * BATCH + BATCH // 3, {"batch": 6}.get) == 14
    assert dims.names(BATCH // TIME + 1) == {"batch", "time"}
    assert all(dims.product(p) == 6 * BATCH for p in itertools.permutations((2, BATCH, 3)))
