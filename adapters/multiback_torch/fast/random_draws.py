"""Draws by the counter hash: on the host in NumPy, whose unsigned shifts and cache-sized pieces beat torch.rand there;
on a device, or where torch records instead of computing, in place on a fresh tensor.
"""

import math
from collections.abc import Iterator

import numpy as np
import torch

from multiback.backends.protocol import Fast

WEYL, FIRST, SECOND = 0x9E3779B1, 0x7FEB352D, 0x846CA68B
PIECE = 1 << 14


def random_bits(key, *, shape):
    if not computes_on_host(key):
        return device_bits(key, shape)
    bits = np.empty(math.prod(shape), np.int32)
    for start, piece in hashed_pieces(key.tolist(), bits.size):
        bits[start : start + piece.size] = piece
    return torch.from_numpy(bits).view(shape)


def dropout(x, key, *, rate, noise_shape):
    return x * dropout_mask(key, rate=rate, noise_shape=noise_shape, dtype=x.dtype)


def dropout_mask(key, *, rate, noise_shape, dtype):
    """What dropout multiplies by: 0, or 1 / (1 - rate)."""
    threshold, scale = round(rate * 2**32) - 2**31, 1 / (1 - rate)
    if not computes_on_host(key) or dtype not in (torch.float32, torch.float64):
        return (random_bits(key, shape=noise_shape) >= threshold).to(dtype).mul_(scale)
    mask = np.empty(math.prod(noise_shape), np.float32 if dtype == torch.float32 else np.float64)
    for start, piece in hashed_pieces(key.tolist(), mask.size):
        np.multiply(piece >= threshold, mask.dtype.type(scale), out=mask[start : start + piece.size])
    return torch.from_numpy(mask).view(noise_shape)


def fold_in(key, number):
    if not computes_on_host(key):
        places = torch.arange(2, dtype=torch.int32, device=key.device).add_(number.to(torch.int32) * 2)
        return device_hash(places.bitwise_or_(-(2**31)), key)
    first = number.item() * 2
    words = [hashed_word((first + i) | 1 << 31, *key.tolist()) for i in range(2)]
    return torch.tensor(words, dtype=torch.uint32).view(torch.int32)


def computes_on_host(key):
    return key.device.type == "cpu" and not torch.compiler.is_compiling()


def hashed_pieces(key: list[int], count: int) -> Iterator[tuple[int, np.ndarray]]:
    """The bits of a draw as int32, piece by piece; the next piece overwrites the last."""
    offset = key[0] + key[1] * SECOND
    steps = np.arange(min(PIECE, count), dtype=np.uint32) * np.uint32(WEYL)
    work = np.empty((3, steps.size), np.uint32)
    keyed = np.uint32((2 * key[1] ^ FIRST) & 0xFFFFFFFF)
    for start in range(0, count, PIECE):
        t, x, shifted = work[:, : count - start]
        np.add(steps[: t.size], np.uint32((start * WEYL + offset) & 0xFFFFFFFF), out=t)
        np.right_shift(t, 16, out=x)
        x ^= t
        x *= keyed
        np.right_shift(x, 15, out=shifted)
        x ^= shifted
        t ^= np.uint32(SECOND)
        t |= np.uint32(1)
        x *= t
        np.right_shift(x, 16, out=shifted)
        x ^= shifted
        yield start, x.view(np.int32)


def hashed_word(counter: int, key0: int, key1: int) -> int:
    """The bits at one position, as an unsigned integer."""
    mask = 0xFFFFFFFF
    t = (counter * WEYL + key0 + key1 * SECOND) & mask
    x = (t ^ t >> 16) * (2 * key1 ^ FIRST) & mask
    x = (x ^ x >> 15) * ((t ^ SECOND) | 1) & mask
    return x ^ x >> 16


def device_bits(key, shape):
    """The bits of a draw, computed by torch."""
    return device_hash(torch.arange(math.prod(shape), dtype=torch.int32, device=key.device), key).view(shape)


def device_hash(counter, key):
    """The hash in place of `counter`; int32 has no logical shift, so the copies of the sign are masked out."""
    t = counter.mul_(WEYL - 2**32).add_(key[0] + key[1] * (SECOND - 2**32))
    x = (t >> 16).bitwise_and_(0xFFFF).bitwise_xor_(t).mul_((key[1] * 2).bitwise_xor_(FIRST))
    x.bitwise_xor_((x >> 15).bitwise_and_(0x1FFFF))
    x.mul_(t.bitwise_xor_(SECOND - 2**32).bitwise_or_(1))
    return x.bitwise_xor_((x >> 16).bitwise_and_(0xFFFF))


def drops_some(equation):
    rate = equation.attributes["rate"]
    return rate > 0 and round(rate * 2**32) < 2**32


FAST = {
    "random_bits": Fast(random_bits),
    "fold_in": Fast(fold_in),
    "dropout": Fast(dropout, drops_some),
}
