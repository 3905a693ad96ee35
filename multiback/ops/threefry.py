"""The Threefry-2x32 hash with 20 rounds, which JAX's random numbers are made of."""

from __future__ import annotations

from typing import Any

from multiback import dtypes
from multiback.errors import DtypeError
from multiback.ops._cases import Sample, exact
from multiback.ops._define import Array, composite
from multiback.ops._rules import as_type
from multiback.ops.bitwise import bitwise_and, bitwise_left_shift, bitwise_or, bitwise_right_shift, bitwise_xor

_PARITY = 0x1BD11BDA
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def _words(call: dict[str, Any]) -> None:
    for name in ("key_high", "key_low", "high", "low"):
        if call[name].dtype not in ("int32", "uint32"):
            raise DtypeError(f"threefry2x32() takes int32 or uint32, got {call[name].dtype} for {name}.")
        call[name] = as_type(call[name], dtypes.int32)


def _word(*values: int) -> Sample:
    return Sample(values=values, dtype="int32")


@composite(
    canonical=_words,
    cases=[
        *exact(["int32"], _word(0), _word(0), _word(0), _word(0), label="zeros"),
        *exact(["int32"], _word(-1), _word(-1), _word(-1), _word(-1), label="all bits"),
        *exact(
            ["int32"],
            Sample(values=123456789, dtype="int32"),
            Sample(values=-987654321, dtype="int32"),
            Sample(values=0, dtype="int32"),
            Sample((7,), -(2**31), 2**31 - 1, dtype="int32"),
            label="one key, many counters",
        ),
    ],
)
def threefry2x32(key_high: Array, key_low: Array, high: Array, low: Array) -> Any:
    """Two words of random bits for a key of two words and a counter of two words.

    Arguments:
        key_high, key_low: The words of the key, int32 or uint32.
        high, low: The words of the counter; all four shapes broadcast.

    Returns:
        `(first, second)`, int32 arrays of the broadcast shape.

    Raises:
        DtypeError: for other dtypes.

    Source: Salmon, Moraes, Dror and Shaw 2011, Parallel random numbers: as easy as 1, 2, 3.

    Example:
        >>> [int(word) & 0xFFFFFFFF for word in ops.threefry2x32(*[ops.zeros((), "int32")] * 4)]
        [1797259609, 2579123966]
    """
    keys = (key_high, key_low, bitwise_xor(bitwise_xor(key_high, key_low), _PARITY))
    x, y = high + key_high, low + key_low
    for group in range(5):
        for places in _ROTATIONS[group % 2]:
            x = x + y
            y = bitwise_xor(x, _rotated(y, places))
        x = x + keys[(group + 1) % 3]
        y = y + keys[(group + 2) % 3] + (group + 1)
    return x, y


def _rotated(x: Any, places: int) -> Any:
    """The bits moved up in a circle; the shift down of a signed word copies the sign, which the mask takes away."""
    down = bitwise_and(bitwise_right_shift(x, 32 - places), (1 << places) - 1)
    return bitwise_or(bitwise_left_shift(x, places), down)
