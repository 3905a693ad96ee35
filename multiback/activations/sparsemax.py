"""A softmax that gives exact zeros."""

from __future__ import annotations

from typing import Any

from multiback import ops


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The distribution nearest to x: max(x - tau, 0), tau such that the result sums to 1 along `axis`.

    With z sorted in descending order and s its running sum, tau = (s_k - 1) / k for the largest k with 1 + k z_k > s_k.

    Arguments:
        x: Float array.
        axis: Along which the result sums to 1.

    Returns:
        The shape of `x`.

    Source: Martins and Astudillo 2016, From softmax to sparsemax.

    Example:
        >>> sparsemax(np.array([0.5, 1.0, -1.0]))    # 0.25 0.75 0
    """
    z = ops.flip(ops.sort(x, axis=axis), axis=axis)
    sums = ops.cumsum(z, axis=axis)
    ranks = ops.cumsum(ops.ones_like(z), axis=axis)
    kept = ops.greater(ops.add(ops.multiply(ranks, z), 1.0), sums)
    count = ops.sum(ops.cast(kept, x.dtype), axis=axis, keepdims=True)
    total = ops.sum(ops.where(kept, z, 0.0), axis=axis, keepdims=True)
    return ops.relu(ops.subtract(x, ops.divide(ops.subtract(total, 1.0), count)))
