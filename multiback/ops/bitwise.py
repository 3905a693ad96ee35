"""Operations on the bits of integers; on bools they are the logical ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback.errors import ArgumentError
from multiback.graph.ir import Literal, Spec
from multiback.ops._cases import ALL_INTEGERS, SIGNED, UNSIGNED, Sample, exact
from multiback.ops._define import Array, primitive
from multiback.ops._rules import chained, elementwise, like, promoting

_BINARY = promoting("x", "y")
_WORDS = Sample((6,), -(2**31), 2**31 - 1, dtype="int32")
_BOOLS = Sample((8,), dtype="bool")
_PAIRS = [
    *exact(ALL_INTEGERS, Sample(("batch", 3), 0, 100), Sample((3,), 0, 100), label="integers"),
    *exact(["int32"], _WORDS, _WORDS, label="all bits"),
    *exact(["int32"], _WORDS, 255, label="number"),
    *exact(["int32"], Sample((2, 1, 3), -9, 9, dtype="int8"), Sample((4, 1), 0, 200, dtype="uint8"), label="promotion"),
    *exact(["bool"], _BOOLS, _BOOLS, label="bools"),
]


@primitive(canonical=_BINARY, accepts="biu", cases=_PAIRS)
def bitwise_and(x: Array, y: Array) -> Spec:
    """Bits set in both: x & y; on bools, whether both hold.

    Arguments:
        x, y: Integers or bools, of shapes that broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Raises:
        DtypeError: for floats.

    Source: array API standard 2024.12, bitwise_and.

    Example:
        >>> ops.bitwise_and([6, 5], 3).tolist()
        [2, 1]
    """
    return elementwise(x, y)


bitwise_and.meaning(np.bitwise_and)


@primitive(canonical=_BINARY, accepts="biu", cases=_PAIRS)
def bitwise_or(x: Array, y: Array) -> Spec:
    """Bits set in at least one: x | y; on bools, whether one holds.

    Arguments:
        x, y: Integers or bools, of shapes that broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Source: array API standard 2024.12, bitwise_or.

    Example:
        >>> ops.bitwise_or([6, 5], 3).tolist()
        [7, 7]
    """
    return elementwise(x, y)


bitwise_or.meaning(np.bitwise_or)


@primitive(canonical=_BINARY, accepts="biu", cases=_PAIRS)
def bitwise_xor(x: Array, y: Array) -> Spec:
    """Bits set in exactly one: x ^ y; on bools, whether they differ.

    Arguments:
        x, y: Integers or bools, of shapes that broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Source: array API standard 2024.12, bitwise_xor.

    Example:
        >>> ops.bitwise_xor([6, 5], 3).tolist()
        [5, 6]
    """
    return elementwise(x, y)


bitwise_xor.meaning(np.bitwise_xor)


@primitive(
    accepts="biu",
    cases=exact(ALL_INTEGERS, Sample(("batch", 3), 0, 100), label="integers") + exact(["bool"], _BOOLS, label="bools"),
)
def bitwise_invert(x: Array) -> Spec:
    """All bits flipped: ~x; on bools, whether it does not hold.

    Arguments:
        x: Integers or bools.

    Returns:
        The shape and dtype of `x`.

    Source: array API standard 2024.12, bitwise_invert.

    Example:
        >>> ops.bitwise_invert([0, 5]).tolist()
        [-1, -6]
    """
    return like(x)


bitwise_invert.meaning(np.invert)
bitwise_not = bitwise_invert


def _refuse_wide_shift(call: dict[str, Any]) -> None:
    amount, bits = call["y"], call["x"].dtype.bits
    if isinstance(amount, Literal) and not 0 <= amount.value < bits:
        raise ArgumentError(f"Cannot shift {call['x'].dtype} by {amount.value} bits. Use 0 to {bits - 1}.")


_SHIFT = chained(_BINARY, _refuse_wide_shift)
_SHIFTS = [
    *exact(ALL_INTEGERS, Sample(("batch", 3), 0, 120), Sample((3,), 0, 7), label="integers"),
    *exact(["int32"], _WORDS, Sample((6,), 0, 31, dtype="int32"), label="all bits"),
    *exact(["int32"], _WORDS, 13, label="number"),
    *exact(["int32"], 1, Sample((6,), 0, 31, dtype="int32"), label="number first"),
    *exact(SIGNED, Sample(values=[-3, 5, -3, 5, -1]), Sample(values=[64, 65, -1, -5, 127]), label="divergence-11"),
    *exact(["int32", "int8"], Sample(values=[-3, 5]), Sample(values=[32, 33]), label="divergence-11 by the width"),
    *exact(UNSIGNED, Sample(values=[200, 5, 255]), Sample(values=[64, 65, 127]), label="divergence-11"),
]


@primitive(canonical=_SHIFT, accepts="iu", cases=_SHIFTS)
def bitwise_left_shift(x: Array, y: Array) -> Spec:
    """Bits moved up: x << y = x * 2**y, keeping the width. An amount outside 0 to bits - 1 gives 0.

    Arguments:
        x: Integers.
        y: Integers, how many bits; the shapes broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Raises:
        ArgumentError: for a Python number outside 0 to bits - 1.

    Source: array API standard 2024.12, bitwise_left_shift.

    Example:
        >>> ops.bitwise_left_shift([1, 5], 2).tolist()
        [4, 20]
    """
    return elementwise(x, y)


bitwise_left_shift.meaning(np.left_shift)
left_shift = bitwise_left_shift


_HUGE = exact(["uint64"], Sample(values=[2**63 + 5], dtype="uint64"), Sample(values=[3]), label="beyond int64")


@primitive(canonical=_SHIFT, accepts="iu", cases=_SHIFTS + _HUGE)
def bitwise_right_shift(x: Array, y: Array) -> Spec:
    """Bits moved down: x >> y = floor(x / 2**y). An amount outside 0 to bits - 1 leaves only the sign: 0 or -1.

    Arguments:
        x: Integers.
        y: Integers, how many bits; the shapes broadcast.

    Returns:
        The broadcast shape, in the dtype both are promoted to.

    Raises:
        ArgumentError: for a Python number outside 0 to bits - 1.

    Source: array API standard 2024.12, bitwise_right_shift.

    Example:
        >>> ops.bitwise_right_shift([4, -5], 1).tolist()
        [2, -3]
    """
    return elementwise(x, y)


bitwise_right_shift.meaning(np.right_shift)
right_shift = bitwise_right_shift
