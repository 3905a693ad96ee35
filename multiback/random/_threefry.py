"""Threefry-2x32 with 20 rounds in NumPy: the keys, and every draw made on the host.

Bit for bit JAX's generator with `jax_threefry_partitionable=True`: element i of a draw depends only on the key and on
i, so any part of a draw can be made alone.

Source: Salmon, Moraes, Dror and Shaw 2011, Parallel random numbers: as easy as 1, 2, 3.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from multiback.errors import ArgumentError, DtypeError, ShapeError

CHUNK = 1 << 13  # four work arrays of this size stay in the second-level cache

_MASK = 0xFFFFFFFF
_PARITY = 0x1BD11BDA
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def key_from_seed(seed: int) -> np.ndarray:
    """The key of a seed: its upper and its lower 32 bits.

    Arguments:
        seed: From -2^63 to 2^64 - 1; a negative one counts as seed + 2^64.

    Returns:
        uint32[2].

    Raises:
        ArgumentError: if the seed is outside that range.

    Example:
        >>> key_from_seed(7)
        array([0, 7], dtype=uint32)
    """
    if not -(1 << 63) <= seed < 1 << 64:
        raise ArgumentError(f"A seed must be an integer from -2**63 to 2**64 - 1, got {seed!r}.")
    return np.array([(seed >> 32) & _MASK, seed & _MASK], np.uint32)


def fold_in(key: np.ndarray, data: int) -> np.ndarray:
    """A new key from a key and an integer: threefry(key, (data >> 32, data mod 2^32)).

    Arguments:
        key: uint32[2].
        data: Taken modulo 2^64. Below 2^32 the result is that of `jax.random.fold_in`.

    Returns:
        uint32[2].
    """
    return np.array(_block(int(key[0]), int(key[1]), (data >> 32) & _MASK, data & _MASK), np.uint32)


def split(key: np.ndarray, num: int = 2) -> np.ndarray:
    """`num` new keys: row i is threefry(key, (0, i)).

    Returns:
        uint32[num, 2].
    """
    k0, k1 = int(key[0]), int(key[1])
    return np.array([_block(k0, k1, 0, i) for i in range(num)], np.uint32).reshape(num, 2)


def random_bits(key: np.ndarray, shape: int | Sequence[int], bits: int = 32) -> np.ndarray:
    """Uniform integers: with (a, b) = threefry(key, i) for flat index i, a xor b of 32 bits, or a * 2^32 + b of 64.

    Arguments:
        key: uint32[2].
        shape: Sizes of the result.
        bits: 32 or 64.

    Returns:
        uint32 or uint64 array of `shape`.

    Raises:
        ArgumentError: for another number of bits.
    """
    if bits not in (32, 64):
        raise ArgumentError(f"bits must be 32 or 64, got {bits!r}.")
    sizes = checked_shape(shape)
    out = np.empty(math.prod(sizes), f"uint{bits}")
    for part, high, low in blocks(key, out.size):
        if bits == 32:
            np.bitwise_xor(high, low, out=out[part])
        else:
            out[part] = high
            out[part] <<= np.uint64(32)
            out[part] |= low
    return out.reshape(sizes)


def uniform(key: np.ndarray, shape: int | Sequence[int], dtype: str = "float32") -> np.ndarray:
    """Uniform numbers in [0, 1): the upper 23 (float32) or 52 (float64) random bits as a fraction.

    Returns:
        Array of `shape` and `dtype`.

    Raises:
        DtypeError: for a dtype other than float32 and float64.
    """
    if dtype not in ("float32", "float64"):
        raise DtypeError(f"uniform makes float32 and float64, got {str(dtype)!r}.")
    wide = dtype == "float64"
    found = random_bits(key, shape, 64 if wide else 32)
    found >>= found.dtype.type(12 if wide else 9)
    found |= found.dtype.type(0x3FF0000000000000 if wide else 0x3F800000)
    return found.view(dtype) - found.view(dtype).dtype.type(1)


def blocks(key: np.ndarray, count: int) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Threefry of the counters 0 to count - 1, chunk by chunk.

    Yields:
        The slice of the counters, and both words of their blocks, uint32; the next chunk overwrites them.
    """
    steps = np.arange(min(CHUNK, count), dtype=np.uint32)
    work = np.empty((4, steps.size), np.uint32)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        x0, x1, left, right = work[:, :size]
        x0.fill(start >> 32)
        np.add(steps[:size], np.uint32(start & _MASK), out=x1)
        _rounds(_schedule(int(key[0]), int(key[1])), x0, x1, left, right)
        yield slice(start, start + size), x0, x1


def checked_shape(shape: int | Sequence[int]) -> tuple[int, ...]:
    """A shape as a tuple of sizes.

    Raises:
        ShapeError: if a size is not an integer of at least 0.
    """
    sizes = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    if any(isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0 for n in sizes):
        raise ShapeError(f"A shape is made of integers of at least 0, got {shape!r}.")
    return tuple(map(int, sizes))


def _schedule(k0: int, k1: int) -> list[tuple[int, int]]:
    words = (k0, k1, k0 ^ k1 ^ _PARITY)
    return [(words[i % 3], (words[(i + 1) % 3] + i) & _MASK) for i in range(6)]


def _block(k0: int, k1: int, x0: int, x1: int) -> tuple[int, int]:
    # On Python integers: ten times as fast for a single block as arrays of one element.
    (a, b), *schedule = _schedule(k0, k1)
    x0, x1 = (x0 + a) & _MASK, (x1 + b) & _MASK
    for i, (a, b) in enumerate(schedule):
        for distance in _ROTATIONS[i % 2]:
            x0 = (x0 + x1) & _MASK
            x1 = ((x1 << distance | x1 >> (32 - distance)) & _MASK) ^ x0
        x0, x1 = (x0 + a) & _MASK, (x1 + b) & _MASK
    return x0, x1


def _rounds(
    schedule: list[tuple[int, int]], x0: np.ndarray, x1: np.ndarray, left: np.ndarray, right: np.ndarray
) -> None:
    (a, b), *schedule = schedule
    x0 += np.uint32(a)
    x1 += np.uint32(b)
    for i, (a, b) in enumerate(schedule):
        for distance in _ROTATIONS[i % 2]:
            x0 += x1
            np.left_shift(x1, np.uint32(distance), out=left)
            np.right_shift(x1, np.uint32(32 - distance), out=right)
            left |= right
            np.bitwise_xor(left, x0, out=x1)
        x0 += np.uint32(a)
        x1 += np.uint32(b)
