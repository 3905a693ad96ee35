"""Attention by torch's fused kernels, which never hold all the weights."""

import torch
import torch.nn.functional as F

from multiback.backends.protocol import Fast


def dot_product_attention(query, key, value, bias, mask, *, scale, is_causal, flash_attention, attn_logits_soft_cap):
    query, key, value = (x.transpose(1, 2) for x in (query, key, value))
    if is_causal and not (bias is None and mask is None):
        earlier = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=query.device).tril()
        mask = earlier if mask is None else mask & earlier
        is_causal = False
    if mask is not None:
        # Added to any logit this gives itself, so that a query that sees nothing weighs all keys alike.
        hidden = query.new_full((), torch.finfo(query.dtype).min * 0.7)
        bias = torch.where(mask, torch.zeros_like(hidden) if bias is None else bias, hidden)
    y = F.scaled_dot_product_attention(
        query, key, value, bias, is_causal=is_causal, scale=scale, enable_gqa=key.shape[1] != query.shape[1]
    )
    return y.transpose(1, 2)


def _covers(equation):
    return equation.attributes["attn_logits_soft_cap"] is None and equation.flat_inputs[0].dtype != "float16"


FAST = {"dot_product_attention": Fast(dot_product_attention, when=_covers)}
