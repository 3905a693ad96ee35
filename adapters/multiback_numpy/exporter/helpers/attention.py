"""Attention, as it stands in an exported file."""

import math

import numpy as np

from multiback_numpy.exporter.helpers.elementwise import softmax


def attention(query, key, value, bias=None, mask=None, *, scale=None, is_causal=False, soft_cap=None):
    """Softmax(scale * query key^T + bias) value for each head; a query that the mask shows no key gives 0.

    Arguments:
        query: (batch, length, heads, size).
        key, value: (batch, source length, heads or a divisor of it, size).
        bias, mask: Broadcast to (batch, heads, length, source length); the mask is True where a key is seen.
    """
    groups = query.shape[2] // key.shape[2]
    if groups > 1:
        key, value = np.repeat(key, groups, 2), np.repeat(value, groups, 2)
    logits = np.einsum("bthd,bshd->bhts", query, key)
    logits = logits * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    if soft_cap is not None:
        logits = np.tanh(logits / soft_cap) * soft_cap
    if bias is not None:
        logits = logits + bias
    if is_causal:
        earlier = np.tril(np.ones(logits.shape[-2:], bool))
        seen = earlier if mask is None else np.logical_and(mask, earlier)
    else:
        seen = mask
    if seen is not None:
        logits = np.where(seen, logits, -0.7 * np.finfo(logits.dtype).max)
    weights = softmax(logits, axis=-1)
    if mask is not None:
        weights = np.where(np.any(seen, axis=-1, keepdims=True), weights, 0.0)
    return np.einsum("bhts,bshd->bthd", weights, value)
