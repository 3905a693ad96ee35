"""A transformer's encoder that classifies sentences. Source: Vaswani et al. 2017; Devlin et al. 2019."""

from __future__ import annotations

from typing import Any

import numpy as np

import multiback as mb
from multiback import layers


def model() -> mb.Model:
    """Two blocks of attention over padded words, GELU, dropout, layer normalisation after each sum; AdamW."""
    words = layers.Input((6,), dtype="int32")
    x = layers.Embedding(12, 8, mask_zero=True)(words)
    for _ in range(2):
        x = block(x)
    encoder = mb.Model(words, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))
    encoder.compile(mb.optimizers.AdamW(0.005), mb.losses.SparseCategoricalCrossentropy(from_logits=True))
    return encoder


def block(x: Any) -> Any:
    """Attention and a network at every position, each added to its input and normalised."""
    x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(2, 4)(x, x)]))
    y = layers.Dense(8)(layers.Dense(12, "gelu")(x))
    return layers.LayerNormalization()(layers.Add()([x, layers.Dropout(0.1)(y)]))


def data() -> tuple[np.ndarray, np.ndarray]:
    """Sentences (32, 6) of words 1 to 11, 0 after their end; whether the first word occurs again."""
    random = np.random.default_rng(0)
    words = random.integers(1, 12, (32, 6))
    words[np.arange(6) >= random.integers(3, 7, (32, 1))] = 0
    return words.astype(np.int32), np.any(words[:, 1:] == words[:, :1], axis=1).astype(np.int64)
