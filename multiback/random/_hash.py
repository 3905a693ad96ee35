"""The counter hash that defines every draw inside a graph: twelve 32-bit integer operations for each element."""

from __future__ import annotations

import numpy as np

WEYL = 0x9E3779B1  # odd, near 2^32 / golden ratio: neighbouring counters get distant values
FIRST = 0x7FEB352D
SECOND = 0x846CA68B

_CHUNK = 1 << 14


def counter_hash(counter: np.ndarray, key0: int, key1: int) -> np.ndarray:
    """32 random bits for each counter, all arithmetic modulo 2^32 and all shifts logical:

        t = counter * 0x9E3779B1 + (key0 + key1 * 0x846CA68B)
        x = (t ^ t >> 16) * (2 * key1 ^ 0x7FEB352D)
        x = (x ^ x >> 15) * ((t ^ 0x846CA68B) | 1)
        x ^ x >> 16

    On int32, the same bits: products and sums wrap, and `x >> s` becomes `(x >> s) & (2^(32 - s) - 1)`.

    What holds only keys is computed once a draw. key1 multiplies in the middle, so streams of different keys are not
    shifts of one another, and neighbouring values of key1, such as training steps, do as well as any. The last factor
    depends on the counter, so a stream repeats values as independent draws do, where a bijection of the counter never
    would. There are 2^63 streams: changing the top bits of both keys changes nothing. Not for cryptography.

    Arguments:
        counter: uint32 array, any shape: the flat index of each element of the draw.
        key0: From 0 to 2^32 - 1.
        key1: From 0 to 2^32 - 1.

    Returns:
        uint32 array of the shape of `counter`.

    Source: xorshift-multiply hashing with the constants of Wellons 2018, Hash prospector (lowbias32); the keyed and the
    counter-dependent multiplier are multiback's own, chosen by the PractRand battery.

    Example:
        >>> counter_hash(np.arange(3, dtype=np.uint32), 1, 2).dtype
        dtype('uint32')
    """
    counter = np.asarray(counter, np.uint32)
    flat = counter.reshape(-1)
    out = np.empty(flat.size, np.uint32)
    work = np.empty((2, min(_CHUNK, flat.size)), np.uint32)
    offset = np.uint32((int(key0) + int(key1) * SECOND) & 0xFFFFFFFF)
    keyed = np.uint32((2 * int(key1) ^ FIRST) & 0xFFFFFFFF)
    for start in range(0, flat.size, _CHUNK):
        x = out[start : start + _CHUNK]
        t, shifted = work[:, : x.size]
        np.multiply(flat[start : start + _CHUNK], np.uint32(WEYL), out=t)
        t += offset
        np.right_shift(t, np.uint32(16), out=x)
        x ^= t
        x *= keyed
        np.right_shift(x, np.uint32(15), out=shifted)
        x ^= shifted
        t ^= np.uint32(SECOND)
        t |= np.uint32(1)
        x *= t
        np.right_shift(x, np.uint32(16), out=shifted)
        x ^= shifted
    return out.reshape(counter.shape)
