"""The counter hash: its definition on unsigned and signed integers, and the statistics of its streams."""

from __future__ import annotations

import math

import numpy as np
import pytest

from multiback.random._hash import FIRST, SECOND, WEYL, counter_hash

N = 1 << 17
KEYS = ((0x243F6A88, 0x85A308D3), (0, 0), (0xDEADBEEF, 1))
PAIRS = {
    "next key1": ((0x243F6A88, 0x85A308D3), (0x243F6A88, 0x85A308D4)),
    "next of both": ((0x243F6A88, 0x85A308D3), (0x243F6A89, 0x85A308D4)),
    "another key0": ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x85A308D3)),
}
COUNTER = np.arange(N, dtype=np.uint32)


def on_python_integers(i: int, key0: int, key1: int) -> int:
    m = 2**32
    t = (i * WEYL + key0 + key1 * SECOND) % m
    x = (t ^ t >> 16) * ((2 * key1 ^ FIRST) % m) % m
    x = (x ^ x >> 15) * ((t ^ SECOND) | 1) % m
    return x ^ x >> 16


def on_signed_integers(counter: np.ndarray, key0: int, key1: int) -> np.ndarray:
    def signed(word: int) -> np.int32:
        return np.uint32(word % 2**32).astype(np.int32)

    def right(x: np.ndarray, s: int) -> np.ndarray:
        return (x >> np.int32(s)) & np.int32(2 ** (32 - s) - 1)

    t = counter.view(np.int32) * signed(WEYL) + signed(key0 + key1 * SECOND)
    x = (t ^ right(t, 16)) * signed(2 * key1 ^ FIRST)
    x = (x ^ right(x, 15)) * ((t ^ signed(SECOND)) | np.int32(1))
    return (x ^ right(x, 16)).view(np.uint32)


@pytest.mark.parametrize("keys", KEYS)
def test_the_definition_holds_on_python_unsigned_and_signed_integers(keys):
    counter = np.concatenate([COUNTER[:20000], np.array([2**31 - 1, 2**31, 2**32 - 1], np.uint32)])
    found = counter_hash(counter, *keys)
    assert found.dtype == np.uint32
    assert np.array_equal(found, on_signed_integers(counter, *keys))
    chosen = [*range(50), 19999, 20000, 20001, 20002]
    assert [int(found[i]) for i in chosen] == [on_python_integers(int(counter[i]), *keys) for i in chosen]


def test_the_values_are_fixed_for_ever():
    assert [hex(int(v)) for v in counter_hash(np.arange(3), 0x243F6A88, 0x85A308D3)] == FIRST_VALUES


def test_shapes_are_kept_and_chunks_do_not_matter():
    flat = counter_hash(COUNTER, 5, 6)
    assert np.array_equal(counter_hash(COUNTER.reshape(2, -1), 5, 6), flat.reshape(2, -1))
    assert np.array_equal(counter_hash(COUNTER[40000:40010], 5, 6), flat[40000:40010])
    assert counter_hash(np.empty((0, 3), np.uint32), 5, 6).shape == (0, 3)
    assert counter_hash(np.uint32(7), 5, 6) == flat[7]


@pytest.mark.parametrize("keys", KEYS)
def test_each_bit_is_set_half_the_time(keys):
    bits = np.unpackbits(counter_hash(COUNTER, *keys).view(np.uint8).reshape(-1, 4), axis=1)
    assert np.abs(bits.mean(0) - 0.5).max() < 5 * 0.5 / math.sqrt(N)


@pytest.mark.parametrize("keys", KEYS)
def test_bytes_are_uniform(keys):
    for column in counter_hash(COUNTER, *keys).view(np.uint8).reshape(-1, 4).T:
        assert chi_square(np.bincount(column, minlength=256)) < 255 + 6 * math.sqrt(510)


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("lag", [1, 2, 3, 5, 64, 1024])
def test_neighbours_are_not_correlated(keys, lag):
    x = centred(counter_hash(COUNTER, *keys))
    assert abs((x[lag:] * x[:-lag]).mean()) < 5 / math.sqrt(N - lag)


@pytest.mark.parametrize("name", PAIRS)
def test_streams_of_two_keys_are_independent(name):
    a, b = (counter_hash(COUNTER, *keys) for keys in PAIRS[name])
    for shift in (-1, 0, 1):
        assert abs((centred(a) * centred(np.roll(b, shift))).mean()) < 5 / math.sqrt(N)
    for s in (0, 8, 16, 24):
        joint = (a >> s & 15) * 16 + (b >> s & 15)
        assert chi_square(np.bincount(joint, minlength=256)) < 255 + 6 * math.sqrt(510)
    bits = np.unpackbits((a ^ b).view(np.uint8).reshape(-1, 4), axis=1)
    assert np.abs(bits.mean(0) - 0.5).max() < 5 * 0.5 / math.sqrt(N)


def test_one_element_over_many_steps_is_random():
    x = np.array([counter_hash(np.arange(4), 0x243F6A88, step) for step in range(8192)])
    for column in x.T:
        assert chi_square(np.bincount(column >> 28, minlength=16)) < 15 + 6 * math.sqrt(30)
        assert abs((centred(column)[1:] * centred(column)[:-1]).mean()) < 5 / math.sqrt(8191)


def test_values_repeat_as_often_as_independent_ones():
    n = 1 << 20
    repeats = n - np.unique(counter_hash(np.arange(n), 0x243F6A88, 0x85A308D3)).size
    expected = n * n / 2**33
    assert abs(repeats - expected) < 5 * math.sqrt(expected)


@pytest.mark.parametrize("part", ["counter", "key0", "key1"])
def test_every_bit_of_the_input_flips_half_of_the_output(part):
    rng = np.random.default_rng(1)
    counter = rng.integers(0, 2**32, 2048, dtype=np.uint32)
    keys = rng.integers(0, 2**32, 2, dtype=np.uint32)
    base = counter_hash(counter, *keys)
    bound = 0.5  # its standard deviation is sqrt(8 / 2048) = 0.06
    for bit in range(32):
        given = {"counter": counter, "key0": int(keys[0]), "key1": int(keys[1])}
        given[part] = given[part] ^ (np.uint32(1 << bit) if part == "counter" else 1 << bit)
        flipped = np.bitwise_count(base ^ counter_hash(**given)).mean()
        assert abs(flipped - 16) < bound, (part, bit, flipped)


def centred(x: np.ndarray) -> np.ndarray:
    return (x.astype(np.float64) + 0.5 - 2.0**31) / (2.0**32 / math.sqrt(12))


def chi_square(counts: np.ndarray) -> float:
    expected = counts.sum() / counts.size
    return float(((counts - expected) ** 2 / expected).sum())


FIRST_VALUES = ["0x4fe580ec", "0x1f5f941a", "0xec244373"]
