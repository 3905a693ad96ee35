"""A tagger: an LSTM in both directions over padded sentences, a tag for every word. Source: Graves 2005."""

from __future__ import annotations

import numpy as np

import multiback as mb
from multiback import layers


def model() -> mb.Model:
    """Embedding with a mask, bidirectional LSTM, a dense layer at every step; Adam with clipped gradients."""
    tagger = mb.Sequential(
        [
            layers.Input((6,), dtype="int32"),
            layers.Embedding(10, 4, mask_zero=True),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.Dense(3),
        ]
    )
    tagger.compile(
        mb.optimizers.Adam(0.01, global_clipnorm=1.0), mb.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    return tagger


def data() -> tuple[np.ndarray, np.ndarray]:
    """Sentences (32, 6) of words 1 to 9, 0 after their end; a word's tag depends on its neighbours on both sides."""
    random = np.random.default_rng(0)
    words = random.integers(1, 10, (32, 6))
    words[np.arange(6) >= random.integers(2, 7, (32, 1))] = 0
    around = np.pad(words, ((0, 0), (1, 1)))
    return words.astype(np.int32), (around[:, :-2] + 2 * around[:, 2:]) % 3
