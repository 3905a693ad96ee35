"""Which keys a query may see."""

from __future__ import annotations

from typing import Any

from multiback import ops


def combined(query_mask: Any, value_mask: Any, key_mask: Any, attention_mask: Any) -> Any:
    """The masks of the steps and of the pairs as one, (batch, steps, other steps); None if there is none."""
    parts = [ops.expand_dims(query_mask, -1)] if query_mask is not None else []
    parts += [ops.expand_dims(m, -2) for m in (value_mask, key_mask) if m is not None]
    parts += [attention_mask] if attention_mask is not None else []
    mask = None
    for part in parts:
        part = ops.cast(part, "bool")
        mask = part if mask is None else ops.logical_and(mask, part)
    return mask


def positions_seen(queries: Any, keys: Any, causal: bool, window: int | None) -> Any:
    """Booleans (1, queries, keys): the key is not after the query, and less than `window` away; None for neither."""
    rows = ops.reshape(ops.arange(queries, dtype="int32"), (1, queries, 1))
    columns = ops.reshape(ops.arange(keys, dtype="int32"), (1, 1, keys))
    seen = ops.greater_equal(rows, columns) if causal else None
    if window is None:
        return seen
    near = ops.less(ops.abs(rows - columns), window)
    return near if seen is None else ops.logical_and(seen, near)
