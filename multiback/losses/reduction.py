"""From the loss of each sample to one number: sample weights, masks, sums and means."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.dtypes import DType
from multiback.errors import ArgumentError, closest
from multiback.losses._arrays import as_array, same_rank
from multiback.losses._one_graph import one_graph

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


def checked_reduction(reduction: str | None) -> str | None:
    """`reduction`, if there is one of that name.

    Raises:
        ArgumentError: if not.
    """
    if reduction not in REDUCTIONS:
        known = ", ".join(map(repr, REDUCTIONS))
        raise ArgumentError(
            f"Unknown reduction {reduction!r}.{closest(str(reduction), map(str, REDUCTIONS))} Known: {known}."
        )
    return reduction


@one_graph
def merge_mask(sample_weight: Any, mask: Any, dtype: DType) -> Any:
    """Sample weights that are 0 where the mask is; either may be None."""
    if mask is None:
        return sample_weight if sample_weight is None else as_array(sample_weight, dtype)
    mask = as_array(mask, dtype)
    if sample_weight is None:
        return mask
    mask, sample_weight = same_rank(mask, as_array(sample_weight, dtype))
    return sample_weight * mask


@one_graph
def reduce_weighted(values: Any, sample_weight: Any, mask: Any, reduction: str | None, dtype: DType) -> Any:
    """The losses of a batch as one number.

    With w the sample weights and m the mask (both 1 if absent), v the values and means over all elements:
    "sum": sum(v w m); "mean" and "sum_over_batch_size": mean(v w m) / mean(m); "mean_with_sample_weight":
    sum(v w m) / sum(w m); None: v w m. Quotients with a divisor of 0 are 0; means over an empty batch are NaN.

    Arguments:
        values: Losses, of any shape.
        sample_weight, mask: None, or arrays that broadcast to the values; a last axis of size 1 is added or dropped.
        reduction: One of `REDUCTIONS`.
        dtype: Everything is cast to it.
    """
    values = as_array(values, dtype)
    weight = merge_mask(sample_weight, mask, dtype)
    if weight is not None:
        values, weight = same_rank(values, weight)
        values = values * weight
    if reduction in (None, "none"):
        return values
    if reduction == "mean_with_sample_weight" and weight is not None:
        return ops.divide_no_nan(_total(values), ops.sum(weight))
    if reduction == "sum":
        return _total(values)
    average = ops.mean(values) if len(values.shape) else values
    if mask is not None and reduction != "mean_with_sample_weight":
        return ops.divide_no_nan(average, ops.mean(as_array(mask, dtype)))
    return average


def _total(values: Any) -> Any:
    return ops.sum(values) if len(values.shape) else values
