"""Attention, as it stands in an exported file."""

import math

import keras
import ml_dtypes
from keras import ops


def attention(query, key, value, bias=None, mask=None, *, scale=None, is_causal=False, soft_cap=None):
    """Softmax(scale * query key^T + bias) value for each head; a query that the mask shows no key gives 0.

    Arguments:
        query: (batch, length, heads, size).
        key, value: (batch, source length, heads or a divisor of it, size).
        bias, mask: Broadcast to (batch, heads, length, source length); the mask is True where a key is seen.
    """
    groups = query.shape[2] // key.shape[2]
    if groups > 1:
        key, value = ops.repeat(key, groups, 2), ops.repeat(value, groups, 2)
    logits = ops.einsum("bthd,bshd->bhts", query, key)
    logits = logits * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    if soft_cap is not None:
        logits = ops.tanh(logits / soft_cap) * soft_cap
    if bias is not None:
        logits = logits + bias
    if is_causal:
        length, source = ops.shape(logits)[2:]
        earlier = ops.arange(length)[:, None] >= ops.arange(source)
        seen = earlier if mask is None else ops.logical_and(mask, earlier)
    else:
        seen = mask
    if seen is not None:
        logits = ops.where(
            seen, logits, -0.7 * float(ml_dtypes.finfo(keras.backend.standardize_dtype(logits.dtype)).max)
        )
    weights = ops.softmax(logits, axis=-1)
    if mask is not None:
        weights = ops.where(ops.any(seen, axis=-1, keepdims=True), weights, 0.0)
    return ops.einsum("bhts,bshd->bthd", weights, value)
