"""Arguments of torch's ops on images: one number for all axes, and inputs without a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import dtypes, ops


def per_axis(x: Any, count: int) -> tuple[Any, ...]:
    """One number, or a list of one, for every spatial axis."""
    given = tuple(x) if isinstance(x, list | tuple) else (x,)
    return given * count if len(given) == 1 else given


def batched(x: Any, rank: int, function: Callable[[Any], Any]) -> Any:
    """`function(x)`, with an axis for the batch added and taken away where `x` has one axis less than `rank`."""
    if x.ndim == rank:
        return function(x)
    result = function(ops.expand_dims(x, 0))
    if isinstance(result, tuple | list):
        return tuple(None if r is None else ops.squeeze(r, 0) for r in result)
    return ops.squeeze(result, 0)


def constant(numbers: Any, like: Any) -> Any:
    """Numbers that were computed in float64, in the dtype of an array."""
    return ops.cast(np.asarray(numbers, np.float64), dtypes.as_dtype(like.dtype))


def beside_channels(x: Any, rank: int) -> Any:
    """One number per channel, shaped to meet an array with the channels on axis 1."""
    return ops.reshape(x, (x.shape[0], *(1,) * (rank - 2)))


def pairs(padding: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The same padding before and after each axis."""
    return tuple((p, p) for p in padding)
