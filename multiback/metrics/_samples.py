"""Values of a batch as one value and one weight per sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback import ops
from multiback.dtypes import DType
from multiback.layers._masks import get_mask
from multiback.losses._arrays import as_array, as_arrays, same_rank
from multiback.losses._one_graph import one_graph
from multiback.losses.reduction import merge_mask
from multiback.ops.creation import number

Reduce = Callable[..., Any]


def per_sample(values: Any, sample_weight: Any, reduce: Reduce, dtype: DType) -> tuple[Any, Any]:
    """Weighted values and weights, both with the batch as their only axis (or none, for a scalar).

    Arguments:
        values: Array of shape (n, ...) or a scalar; with a mask, the weights count only where it holds.
        sample_weight: None, or an array whose axes are the leading ones of `values`.
        reduce: `ops.mean` or `ops.sum`, for the axes after the first.
        dtype: Of both results.

    Returns:
        The values times their weights, and the weights (None if none were given).
    """
    mask = get_mask(values)
    values, sample_weight = as_arrays(values, sample_weight)
    return _per_sample(values, sample_weight, None if sample_weight is None else mask, reduce, dtype)


@one_graph
def _per_sample(values: Any, weight: Any, mask: Any, reduce: Reduce, dtype: DType) -> tuple[Any, Any]:
    values = as_array(values, dtype)
    if weight is not None:
        values, weight = same_rank(values, merge_mask(weight, mask, dtype))
        extra = range(len(weight.shape), len(values.shape))
        if extra:
            values = reduce(values, axis=tuple(extra))
        if tuple(weight.shape) != tuple(values.shape):
            weight = ops.broadcast_to(weight, tuple(values.shape))
        values = values * weight
        weight = _rows(weight, reduce)
    return _rows(values, reduce), weight


def _rows(x: Any, reduce: Reduce) -> Any:
    return reduce(x, axis=tuple(range(1, len(x.shape)))) if len(x.shape) > 1 else x


def total(x: Any) -> Any:
    """The sum of all elements."""
    return ops.sum(x) if len(x.shape) else x


def sample_count(values: Any, dtype: DType) -> Any:
    """How many samples there are, as a number or a scalar of `dtype`."""
    if not len(values.shape):
        return 1
    if values.shape[0] is None:
        return ops.sum(ops.ones_like(values))
    size = number(values.shape[0])
    return size if isinstance(size, int) else as_array(size, dtype)


def own_storage(variable: Any) -> Any:
    """The value in an array of its own: the next step may write into the Variable's."""
    return ops.add(variable, 0)
