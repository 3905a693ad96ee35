"""Layers whose weights are given to them."""

import torch
import torch.nn.functional as F


def attention(query, key, value, bias=None, mask=None, scale=None, is_causal=False):
    """Scaled dot product attention of (batch, time, heads, features)."""
    query, key, value = (x.transpose(1, 2) for x in (query, key, value))
    if is_causal and not (bias is None and mask is None):
        earlier = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=query.device).tril()
        mask = earlier if mask is None else mask & earlier
        is_causal = False
    if mask is not None:
        bias = mask if bias is None else torch.where(mask, bias, -torch.inf)
    if bias is not None and bias.ndim < 2:
        bias = bias.expand(query.shape[2], key.shape[2])
    y = F.scaled_dot_product_attention(
        query, key, value, bias, is_causal=is_causal, scale=scale, enable_gqa=key.shape[1] != query.shape[1]
    )
    return y.transpose(1, 2)
