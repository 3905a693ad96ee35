"""A transformer's decoder: causal attention, the next token at every position. Source: Radford et al. 2018."""

from __future__ import annotations

from typing import Any

import numpy as np

import multiback as mb
from multiback import layers

TOKENS, LENGTH = 7, 6


def model() -> mb.Model:
    """Two blocks, normalised before attention; Adam with AMSGrad and a cosine schedule."""
    tokens = layers.Input((LENGTH,), dtype="int32")
    x = layers.Embedding(TOKENS, 8)(tokens)
    for _ in range(2):
        x = block(x)
    decoder = mb.Model(tokens, layers.Dense(TOKENS)(layers.RMSNormalization()(x)))
    rate = mb.optimizers.schedules.CosineDecay(0.01, decay_steps=200, alpha=0.1)
    decoder.compile(mb.optimizers.Adam(rate, amsgrad=True), mb.losses.SparseCategoricalCrossentropy(from_logits=True))
    return decoder


def block(x: Any) -> Any:
    """Attention to earlier positions and a network at each, of normalised input, added to the input."""
    y = layers.RMSNormalization()(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 4, use_bias=False)(y, y, use_causal_mask=True)])
    y = layers.Dense(12, "silu")(layers.RMSNormalization()(x))
    return layers.Add()([x, layers.Dense(8)(y)])


def data() -> tuple[np.ndarray, np.ndarray]:
    """Sequences (24, 6) in which each token is the sum of the two before, and the same one step on."""
    sequence = np.random.default_rng(0).integers(0, TOKENS, (24, LENGTH + 1))
    for i in range(2, LENGTH + 1):
        sequence[:, i] = (sequence[:, i - 1] + sequence[:, i - 2]) % TOKENS
    return sequence[:, :-1].astype(np.int32), sequence[:, 1:].copy()
