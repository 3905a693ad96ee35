"""Draws inside a graph: the same bits on every backend, those that multiback/random/_hash.py defines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from multiback.backends.protocol import Adapter, Options
from multiback.dtypes import float32, int32
from multiback.errors import ArgumentError, DtypeError, MultibackError, ShapeError
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.graph.trace import trace
from multiback.ops.creation import convert_to_numpy
from multiback.ops.random_draws import bernoulli, dropout, fold_in, normal, random_bits, uniform
from multiback.random._hash import counter_hash

KEY = np.array([0x89ABCDEF, 0x12345678], np.uint32)
SHAPES = [(), (5,), (3, 1), (2, 40, 30), (3, 16_500)]


def expected_bits(key: np.ndarray, shape: tuple[int, ...], first: int = 0) -> np.ndarray:
    counters = (np.arange(math.prod(shape), dtype=np.uint64) + first).astype(np.uint32)
    return counter_hash(counters, *map(int, key.view(np.uint32))).view(np.int32).reshape(shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("fast", [True, False], ids=["fast", "body"])
def test_bits_are_those_of_the_hash(adapter: Adapter, shape: tuple[int, ...], fast: bool) -> None:
    graph = trace(lambda key: random_bits(key, shape), Spec((2,), int32)).graph
    key = KEY.view(np.int32)
    (got,) = adapter.compile(graph, Options(fast=fast))(key)
    np.testing.assert_array_equal(adapter.to_numpy(got), expected_bits(key, shape))


def test_signed_and_unsigned_keys_draw_alike(backend: str) -> None:
    signed, unsigned = (convert_to_numpy(random_bits(k, (9,))) for k in (KEY.view(np.int32), KEY))
    np.testing.assert_array_equal(signed, unsigned)
    assert signed.dtype == np.int32


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "body"])
def test_folding_takes_positions_that_no_draw_has(adapter: Adapter, fast: bool) -> None:
    graph = trace(fold_in, Spec((2,), int32), Spec((), int32)).graph
    executable = adapter.compile(graph, Options(fast=fast))
    for number in (0, 1, 12345, 2**30 - 1):
        (got,) = executable(KEY.view(np.int32), np.int32(number))
        want = expected_bits(KEY, (2,), first=2**31 + 2 * number)
        np.testing.assert_array_equal(adapter.to_numpy(got), want)


def test_uniform_is_exact_and_dropout_follows_its_threshold(backend: str) -> None:
    bits = expected_bits(KEY, (1000,))
    drawn = convert_to_numpy(uniform(KEY, (1000,), dtype="float32"))
    np.testing.assert_array_equal(drawn, ((bits >> 8) * 2.0**-24 + 0.5).astype(np.float32))
    assert drawn.min() >= 0 and drawn.max() < 1
    dropped = convert_to_numpy(dropout(np.ones(1000, np.float32), KEY, 0.25))
    np.testing.assert_array_equal(dropped, np.where(bits < 2**30 - 2**31, 0, np.float32(1 / 0.75)))
    np.testing.assert_array_equal(convert_to_numpy(bernoulli(KEY, (1000,), 0.25)), bits < 2**30 - 2**31)


def test_moments(backend: str) -> None:
    n = 100_000
    u = convert_to_numpy(uniform(KEY, (n,))).astype(np.float64)
    z = convert_to_numpy(normal(KEY, (n,))).astype(np.float64)
    assert abs(u.mean() - 0.5) < 5 * math.sqrt(1 / 12 / n)
    assert abs(u.var() - 1 / 12) < 5 * math.sqrt(1 / 180 / n)
    assert abs(z.mean()) < 5 / math.sqrt(n)
    assert abs(z.var() - 1) < 5 * math.sqrt(2 / n)
    assert abs((z**4).mean() - 3) < 5 * math.sqrt(96 / n)


def test_a_symbolic_batch_draws_a_prefix(adapter: Adapter) -> None:
    graph = trace(lambda x, key: dropout(x, key, 0.5), Spec((Dim.named("batch"), 8), float32), Spec((2,), int32)).graph
    executable = adapter.compile(graph)
    key = KEY.view(np.int32)
    long, short = (adapter.to_numpy(executable(np.ones((n, 8), np.float32), key)[0]) for n in (16, 5))
    np.testing.assert_array_equal(long[:5], short)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: random_bits(np.zeros(3, np.int32), (2,)), DtypeError),
        (lambda: random_bits(np.zeros(2, np.float32), (2,)), DtypeError),
        (lambda: uniform(KEY, (2,), dtype="int32"), DtypeError),
        (lambda: bernoulli(KEY, (2,), 1.5), ArgumentError),
        (lambda: dropout(np.ones((2, 3), np.float32), KEY, -0.1), ArgumentError),
        (lambda: dropout(np.ones((2, 3), np.float32), KEY, 0.1, (2,)), ShapeError),
        (lambda: dropout(np.ones((2, 3), np.float32), KEY, 0.1, (4, 3)), ShapeError),
    ],
)
def test_bad_arguments_are_clear_errors(backend: str, call: Any, error: type[MultibackError]) -> None:
    with pytest.raises(error):
        call()


def test_torch_draws_alike_where_it_may_not_use_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from multiback_torch.fast import random_draws

    key = torch.from_numpy(KEY.view(np.int32).copy())
    monkeypatch.setattr(random_draws, "computes_on_host", lambda key: False)
    np.testing.assert_array_equal(random_draws.random_bits(key, shape=(3, 40)).numpy(), expected_bits(KEY, (3, 40)))
    folded = random_draws.fold_in(key, torch.tensor(77, dtype=torch.int32))
    np.testing.assert_array_equal(folded.numpy(), expected_bits(KEY, (2,), first=2**31 + 154))
    x = torch.ones(50)
    slow = random_draws.dropout(x, key, rate=0.3, noise_shape=(50,))
    monkeypatch.undo()
    assert torch.equal(slow, random_draws.dropout(x, key, rate=0.3, noise_shape=(50,)))
