"""A sequence to sequence model of gated recurrent units. Source: Cho et al. 2014; Sutskever, Vinyals and Le 2014."""

from __future__ import annotations

import numpy as np

import multiback as mb
from multiback import layers

TOKENS, LENGTH = 6, 5


def model() -> mb.Model:
    """The encoder's last state starts the decoder, which is told the token before; Nadam."""
    source = layers.Input((LENGTH,), dtype="int32", name="source")
    before = layers.Input((LENGTH,), dtype="int32", name="before")
    _, state = layers.GRU(6, return_state=True)(layers.Embedding(TOKENS, 4)(source))
    decoded = layers.GRU(6, return_sequences=True)(layers.Embedding(TOKENS + 1, 4)(before), initial_state=state)
    seq2seq = mb.Model([source, before], layers.Dense(TOKENS)(decoded))
    seq2seq.compile(mb.optimizers.Nadam(0.01), mb.losses.SparseCategoricalCrossentropy(from_logits=True))
    return seq2seq


def data() -> tuple[list[np.ndarray], np.ndarray]:
    """Sequences (24, 5); what the decoder is told: the same reversed, one step late; what it should say."""
    source = np.random.default_rng(0).integers(0, TOKENS, (24, LENGTH))
    target = source[:, ::-1]
    before = np.concatenate([np.full((24, 1), TOKENS), target[:, :-1]], 1)
    return [source.astype(np.int32), before.astype(np.int32)], target.copy()
