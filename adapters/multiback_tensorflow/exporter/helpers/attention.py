"""Attention, as it stands in an exported file."""

import math

import tensorflow as tf


def attention(query, key, value, bias=None, mask=None, *, scale=None, is_causal=False, soft_cap=None):
    """Softmax(scale * query key^T + bias) value for each head; a query that the mask shows no key gives 0.

    Arguments:
        query: (batch, length, heads, size).
        key, value: (batch, source length, heads or a divisor of it, size).
        bias, mask: Broadcast to (batch, heads, length, source length); the mask is True where a key is seen.
    """
    groups = query.shape[2] // key.shape[2]
    if groups > 1:
        key, value = tf.repeat(key, groups, 2), tf.repeat(value, groups, 2)
    logits = tf.einsum("bthd,bshd->bhts", query, key)
    logits = logits * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    if soft_cap is not None:
        logits = tf.tanh(logits / soft_cap) * soft_cap
    if bias is not None:
        logits = logits + bias
    seen = mask
    if is_causal:
        length, source = tf.shape(logits)[2], tf.shape(logits)[3]
        earlier = tf.range(length)[:, None] >= tf.range(source)
        seen = earlier if mask is None else tf.logical_and(mask, earlier)
    if seen is not None:
        logits = tf.where(seen, logits, -0.7 * logits.dtype.max)
    weights = tf.nn.softmax(logits)
    if mask is not None:
        weights = tf.where(tf.reduce_any(seen, -1, keepdims=True), weights, tf.zeros_like(weights))
    return tf.einsum("bhts,bshd->bthd", weights, value)
