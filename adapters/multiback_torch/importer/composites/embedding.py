"""Rows of a table, and sums of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import ops
from multiback.errors import UnsupportedModel


def _embedding(weight: Any, indices: Any, padding: int, *_: Any) -> Any:
    """The row for padding is read, and takes no gradient."""
    rows = ops.take(weight, indices, axis=0)
    if padding < 0:
        return rows
    return ops.where(ops.expand_dims(ops.equal(indices, padding), -1), ops.stop_gradient(rows), rows)


def _embedding_bag(
    weight: Any, indices: Any, offsets: Any, scale_by_count: bool = False, mode: int = 0, sparse: bool = False,
    per_sample: Any = None, with_last: bool = False, padding: int | None = -1,
) -> Any:  # fmt: skip
    """Sums, means or maxima (mode 0, 1, 2) of the rows of each bag; a bag begins at each offset."""
    rows = ops.take(weight, indices, axis=0)
    bags = offsets.shape[0] - (1 if with_last else 0)
    places = ops.iota(indices.shape[0])
    begins = offsets[:bags] if with_last else offsets
    begins = ops.cast(begins, "int32")
    bag = ops.sum(ops.cast(ops.expand_dims(places, 1) >= ops.expand_dims(begins, 0), "int32"), axis=1) - 1
    inside = ops.equal(ops.expand_dims(bag, 0), ops.expand_dims(ops.iota(bags), 1))
    if padding is not None and padding >= 0:
        inside = ops.logical_and(inside, ops.expand_dims(ops.not_equal(indices, padding), 0))
    if per_sample is not None:
        rows = rows * ops.expand_dims(per_sample, -1)
    if mode == 2:
        seen = ops.expand_dims(inside, -1)
        largest = ops.max(ops.where(seen, ops.expand_dims(rows, 0), float("-inf")), axis=1)
        return ops.where(ops.any(seen, axis=1), largest, 0.0), None, None, None
    share = ops.cast(inside, rows.dtype)
    if mode == 1:
        share = share / ops.maximum(ops.sum(share, axis=1, keepdims=True), 1.0)
    return ops.matmul(share, rows), None, None, None


def _renormed(weight: Any, indices: Any, limit: float, order: float) -> Any:
    """The rows that are read, brought to a norm of at most `limit`; torch changes the table itself."""
    if order not in (1.0, 2.0, float("inf")):
        raise UnsupportedModel(f"An embedding with max_norm of order {order} cannot be ported; 1, 2 and inf can.")
    flat = ops.reshape(indices, (-1,))
    sizes = ops.norm(weight, ord=np.inf if order == float("inf") else int(order), axis=-1, keepdims=True)
    read = ops.any(ops.equal(ops.expand_dims(flat, 0), ops.expand_dims(ops.arange(weight.shape[0]), 1)), axis=1)
    factor = ops.where(sizes > limit, limit / (sizes + 1e-7), 1.0)
    return ops.where(ops.expand_dims(read, 1), weight * factor, weight)


HANDLERS: dict[str, Callable[..., Any]] = {
    "aten.embedding": _embedding,
    "aten.embedding_bag": _embedding_bag,
    "aten._embedding_bag": _embedding_bag,
    "aten._embedding_bag_forward_only": _embedding_bag,
    "aten.embedding_renorm": _renormed,
}
