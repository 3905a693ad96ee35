"""Scaled dot-product attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback_torch.importer.handlers import Context


def _attention(
    query: Any, key: Any, value: Any, mask: Any, dropout: float, is_causal: bool, scale: float | None = None,
    enable_gqa: bool = False, *, context: Context,
) -> Any:  # fmt: skip
    """torch has (batch..., heads, length, size)."""
    lead = query.shape[:-2]
    query, key, value = (_four_axes(x, lead) for x in (query, key, value))
    bias, seen = _split_mask(mask, query.ndim)
    if dropout:
        y = _dropped(query, key, value, bias, seen, dropout, is_causal, scale, context)
    else:
        turned = [ops.transpose(x, (0, 2, 1, 3)) for x in (query, key, value)]
        y = ops.dot_product_attention(*turned, bias, seen, scale, is_causal)
        y = ops.transpose(y, (0, 2, 1, 3))
    return y if len(lead) == 2 else ops.reshape(y, (*lead, *y.shape[2:]))


def _four_axes(x: Any, lead: tuple[Any, ...]) -> Any:
    """(batch, heads, length, size); a batch of 1 beside a larger one is repeated."""
    if len(lead) < 2:
        return ops.reshape(x, (*(1,) * (4 - x.ndim), *x.shape))
    if len(lead) > 2:
        batch = 1
        for size in x.shape[:-3]:
            batch = batch * size
        return ops.reshape(x, (batch, *x.shape[-3:]))
    return x if x.shape[0] == lead[0] else ops.broadcast_to(x, (lead[0], *x.shape[1:]))


def _split_mask(mask: Any, rank: int) -> tuple[Any, Any]:
    """What is added to the logits, and which keys are seen.

    A query that sees no key gives 0 in torch, also where the mask is of numbers and says so by minus infinity.
    """
    if mask is None:
        return None, None
    if mask.ndim > rank:
        mask = ops.reshape(mask, (-1, *mask.shape[-3:]))
    if dtypes.as_dtype(mask.dtype) == "bool":
        return None, mask
    if isinstance(mask, np.ndarray):
        blind = np.isneginf(mask.astype(np.float64))
        if not np.all(blind, axis=-1).any():
            return mask, None
    seen = ops.greater(mask, float("-inf"))
    return ops.where(seen, mask, 0.0), seen


def _dropped(
    query: Any, key: Any, value: Any, bias: Any, seen: Any, dropout: float, is_causal: bool, scale: float | None,
    context: Context,
) -> Any:  # fmt: skip
    """Attention whose weights go through dropout."""
    if key.shape[1] != query.shape[1]:
        groups = query.shape[1] // key.shape[1]
        key, value = (ops.repeat(x, groups, axis=1) for x in (key, value))
    scale = float(query.shape[-1]) ** -0.5 if scale is None else scale
    logits = ops.matmul(query * scale, ops.swapaxes(key, -1, -2))
    logits = logits if bias is None else logits + bias
    if is_causal:
        t, s = logits.shape[2:]
        earlier = ops.greater_equal(ops.reshape(ops.iota(t), (t, 1)), ops.reshape(ops.iota(s), (1, s)))
        seen = earlier if seen is None else ops.logical_and(seen, earlier)
    if seen is not None:
        logits = ops.where(seen, logits, 0.7 * float(ops.finfo(logits.dtype).min))
    weights = ops.softmax(logits, axis=-1)
    if seen is not None:
        weights = ops.where(ops.any(seen, axis=-1, keepdims=True), weights, 0.0)
    return ops.matmul(ops.dropout(weights, context.key(), dropout), value)


def _flash_for_cpu(
    query: Any, key: Any, value: Any, dropout: float, is_causal: bool, attn_mask: Any = None,
    scale: float | None = None, *, context: Context,
) -> Any:  # fmt: skip
    return _attention(query, key, value, attn_mask, dropout, is_causal, scale, context=context), None


def _efficient(
    query: Any, key: Any, value: Any, bias: Any, with_logsumexp: bool, dropout: float, is_causal: bool,
    scale: float | None = None, *, context: Context,
) -> Any:  # fmt: skip
    return _attention(query, key, value, bias, dropout, is_causal, scale, context=context), None, None, None


HANDLERS: dict[str, Callable[..., Any]] = {
    "aten.scaled_dot_product_attention": _attention,
    "aten._scaled_dot_product_flash_attention_for_cpu": _flash_for_cpu,
    "aten._scaled_dot_product_efficient_attention": _efficient,
}
