"""Threefry and the host's draws: JAX's bits, the laws of the distributions, keys from seed, path and step."""

from __future__ import annotations

import math
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import multiback as mb
from multiback.errors import ArgumentError, DtypeError, ShapeError, UnknownNameError
from multiback.random import _host, _seed, _threefry
from multiback.random._seed import SeedGenerator, key_for

SEEDS = (0, 1, 1234567, 2**31 - 1)
N = 200_000


def key() -> np.ndarray:
    return key_for("test", seed=3)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bits_are_those_of_jax(seed):
    import jax

    with jax.threefry_partitionable(True):
        theirs, ours = jax.random.key(seed, impl="threefry2x32"), _threefry.key_from_seed(seed)
        assert np.array_equal(jax.random.key_data(theirs), ours)
        assert np.array_equal(jax.random.key_data(jax.random.split(theirs, 5)), _threefry.split(ours, 5))
        for data in (0, 7, 2**32 - 1):
            assert np.array_equal(jax.random.key_data(jax.random.fold_in(theirs, data)), _threefry.fold_in(ours, data))
        for shape in ((), (3,), (2, 0), (3, 8191)):
            assert np.array_equal(jax.random.bits(theirs, shape), _threefry.random_bits(ours, shape))
            assert np.array_equal(jax.random.uniform(theirs, shape), _threefry.uniform(ours, shape))


@pytest.mark.parametrize("seed", (*SEEDS, 2**40 + 3, -1))
def test_the_64_bit_draws_are_those_of_jax(seed):
    import jax

    with jax.enable_x64(True), jax.threefry_partitionable(True):
        theirs, ours = jax.random.key(seed, impl="threefry2x32"), _threefry.key_from_seed(seed)
        assert np.array_equal(jax.random.key_data(theirs), ours)
        assert np.array_equal(jax.random.bits(theirs, (9001,), "uint64"), _threefry.random_bits(ours, 9001, 64))
        assert np.array_equal(jax.random.uniform(theirs, (9001,), "float64"), _threefry.uniform(ours, 9001, "float64"))


def test_a_draw_does_not_depend_on_the_chunks():
    long = _threefry.random_bits(key(), 3 * _threefry.CHUNK + 5, 64)
    for i in (0, _threefry.CHUNK - 1, _threefry.CHUNK, long.size - 1):
        assert long[i] == int.from_bytes(_threefry.fold_in(key(), i).astype(">u4").tobytes(), "big")


def test_uniform_fills_its_range():
    u = _host.uniform(key(), N, -2.0, 3.0)
    assert -2.0 <= u.min() < -1.99 and 2.99 < u.max() < 3.0
    assert abs(u.mean() - 0.5) < 5 * math.sqrt(25 / 12 / N)
    assert abs(u.var() * 12 / 25 - 1) < 5 * math.sqrt(0.8 / N)  # kurtosis 1.8


def test_normal_numbers_have_the_moments_of_the_law():
    x = _host.normal(key(), N, 2.0, 3.0)
    z = (x - 2.0) / 3.0
    assert abs(z.mean()) < 5 / math.sqrt(N)
    assert abs((z**2).mean() - 1) < 5 * math.sqrt(2 / N)
    assert abs((z**3).mean()) < 5 * math.sqrt(15 / N)
    assert abs((z**4).mean() - 3) < 5 * math.sqrt(96 / N)


def test_truncated_normal_numbers_stay_within_two_deviations():
    x = _host.truncated_normal(key(), N, 1.0, 0.5)
    z = (x - 1.0) / 0.5
    assert np.abs(z).max() <= 2.0 and np.abs(z).max() > 1.99
    variance = 0.87962566103423978**2
    assert abs(z.mean()) < 5 * math.sqrt(variance / N)
    assert abs(z.var() / variance - 1) < 5 * math.sqrt(2 / N)


def test_the_quantile_function_inverts_the_distribution_function():
    u = np.concatenate([np.linspace(1e-4, 1 - 1e-4, 3001), 10.0 ** -np.arange(1.0, 17.0)])
    x = _host.inverse_normal(u)
    back = np.array([math.erfc(-v / math.sqrt(2.0)) / 2 for v in x])
    # The relative error of F(x) is |x| times the error of x, |x f(x) / F(x)| <= 1 + x^2.
    assert np.all(np.abs(back - u) <= 8 * 2.0**-52 * (1 + x * x) * u + 4 * 2.0**-53)
    assert np.array_equal(_host.inverse_normal(np.array([0.25])), -_host.inverse_normal(np.array([0.75])))


def test_the_logarithm_is_exact_to_two_units():
    x = np.concatenate([np.linspace(1e-6, 2.0, 20001), 2.0 ** -np.arange(1.0, 60.0), [0.5**0.5]])
    expected = np.log(x.astype(np.longdouble))
    assert np.all(np.abs(_host.logarithm(x) - expected) <= 2 * 2.0**-52 * np.abs(expected))


@pytest.mark.parametrize("n", [0, 1, 2, 5, 1000])
def test_a_permutation_holds_each_index_once(n):
    found = _host.permutation(n, key())
    assert found.dtype == np.int64 and sorted(found) == list(range(n))


def test_all_permutations_of_four_are_equally_likely():
    draws = 4800
    counts: dict[bytes, int] = {}
    for i in range(draws):
        word = _host.permutation(4, key_for("permutation", seed=1, step=i)).tobytes()
        counts[word] = counts.get(word, 0) + 1
    chi_square = sum((c - draws / 24) ** 2 / (draws / 24) for c in counts.values())
    assert len(counts) == 24 and chi_square < 23 + 5 * math.sqrt(46)


def test_integers_are_uniform_and_reach_both_ends():
    found = _host.randint(key(), N, -3, 7)
    counts = np.bincount(found + 3, minlength=10)
    assert found.dtype == np.int32 and counts.size == 10
    assert ((counts - N / 10) ** 2 / (N / 10)).sum() < 9 + 5 * math.sqrt(18)
    assert np.array_equal(_host.randint(key(), 4, 5, 6), [5] * 4)
    wide = _host.randint(key(), N, -(2**31), 2**31)
    assert abs(wide.mean()) < 5 * 2**32 / math.sqrt(12 * N)
    exact = (int(_threefry.random_bits(key(), 1, 64)[0]) * 10 >> 64) - 3
    assert found[0] == exact


def test_bernoulli_is_a_threshold_on_bits():
    bits = _threefry.random_bits(key(), N)
    assert np.array_equal(_host.bernoulli(key(), N, 0.3), bits < round(0.3 * 2**32))
    assert _host.bernoulli(key(), N, 1.0).all() and not _host.bernoulli(key(), N, 0.0).any()


@pytest.mark.parametrize(
    ("draw", "error", "words"),
    [
        (lambda: _host.randint(key(), 3, 5, 5), ArgumentError, "low < high"),
        (lambda: _host.randint(key(), 3, 0, 300, "uint8"), DtypeError, "holds 0 to 299"),
        (lambda: _host.randint(key(), 3, 0, 5, "float32"), DtypeError, "integer dtype"),
        (lambda: _host.bernoulli(key(), 3, 1.5), ArgumentError, "1.5"),
        (lambda: _host.normal(key(), 3, dtype="int32"), DtypeError, "float dtype"),
        (lambda: _host.uniform(key(), (-1,)), ShapeError, "-1"),
        (lambda: _host.permutation(-1, key()), ArgumentError, "-1"),
        (lambda: _threefry.random_bits(key(), 3, 16), ArgumentError, "32 or 64"),
        (lambda: _threefry.uniform(key(), 3, "float16"), DtypeError, "float16"),
        (lambda: mb.random.set_seed(1.5), ArgumentError, "1.5"),
        (lambda: mb.random.set_seed(True), ArgumentError, "True"),
        (lambda: mb.random.set_seed(2**64), ArgumentError, str(2**64)),
        (lambda: SeedGenerator("zero"), ArgumentError, "'zero'"),
        (lambda: SeedGenerator(sed=3), UnknownNameError, "'seed'"),
    ],
)
def test_errors_name_what_was_given(draw, error, words):
    with pytest.raises(error, match=words):
        draw()


def test_keys_depend_on_seed_path_and_step_only():
    found = {tuple(key_for(p, seed=s, step=t)) for p in ("a", "b", "a/b") for s in (0, 1) for t in (0, 1, 2**40)}
    assert len(found) == 18
    mb.random.set_seed(9)
    first = key_for("a/kernel")
    mb.random.SeedGenerator().next()
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda i: key_for("a/kernel" if i % 2 else f"other/{i}"), range(20)))
    assert all(np.array_equal(k, first) for k in keys[1::2])
    assert np.array_equal(first, key_for("a/kernel", seed=9))


def test_a_key_is_fixed_for_ever():
    assert [hex(int(word)) for word in key_for("dense/kernel", seed=0, step=1)] == KEY_OF_DENSE_KERNEL


def test_without_a_seed_the_process_draws_one_once(monkeypatch):
    monkeypatch.setattr(_seed, "_seed", None)
    assert _seed.get_seed() == _seed.get_seed()
    assert np.array_equal(key_for("a"), key_for("a", seed=_seed.get_seed()))


def test_fresh_keys_start_again_with_the_seed():
    mb.random.set_seed(5)
    first = [tuple(_seed.fresh_key()) for _ in range(3)]
    mb.random.set_seed(5)
    assert [tuple(_seed.fresh_key()) for _ in range(3)] == first and len(set(first)) == 3


def test_a_seed_generator_gives_a_new_key_each_time():
    generator = SeedGenerator(11, name="noise")
    keys = [tuple(generator.next()) for _ in range(4)]
    again = SeedGenerator.from_config(generator.get_config())
    assert len(set(keys)) == 4 and [tuple(again.next()) for _ in range(4)] == keys
    assert generator.get_config() == {"seed": 11, "name": "noise"}
    resumed = pickle.loads(pickle.dumps(generator))
    assert np.array_equal(resumed.next(), generator.next())


def test_seed_generators_without_a_seed_differ_and_follow_the_global_seed():
    mb.random.set_seed(1)
    a, b = SeedGenerator(), SeedGenerator()
    assert a.seed != b.seed and a.get_config()["seed"] is None
    mb.random.set_seed(1)
    assert SeedGenerator().seed == a.seed


KEY_OF_DENSE_KERNEL = ["0xdd2ece9c", "0x85e310c3"]
