"""A variational autoencoder: random draws inside the model, a penalty added by it. Source: Kingma and Welling 2014."""

from __future__ import annotations

from typing import Any

import numpy as np

import multiback as mb
from multiback import layers, ops

LATENT = 2


class Vae(mb.Model):
    """Encoder to a normal distribution, a draw from it, decoder."""

    def __init__(self) -> None:
        super().__init__(name="vae")
        self.hidden = layers.Dense(12, "softplus")
        self.moments = layers.Dense(2 * LATENT)
        self.decoder = mb.Sequential(
            [layers.Input((LATENT,)), layers.Dense(12, "softplus"), layers.Dense(16)], name="decoder"
        )
        self.seed_generator = mb.random.SeedGenerator(1)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        mean, log_variance = ops.split(self.moments(self.hidden(inputs)), 2, axis=-1)
        if training:
            penalty = ops.exp(log_variance) + ops.square(mean) - 1.0 - log_variance
            self.add_loss(0.05 * ops.mean(ops.sum(penalty, axis=-1)))
            noise = mb.random.normal(mean.shape, dtype=mean.dtype, seed=self.seed_generator)
            mean = mean + ops.exp(0.5 * log_variance) * noise
        return self.decoder(mean)


def model() -> mb.Model:
    """Mean squared error and the divergence from a standard normal distribution; Adamax."""
    vae = Vae()
    vae.compile(mb.optimizers.Adamax(0.01), "mse")
    return vae


def data() -> tuple[np.ndarray, np.ndarray]:
    """Waves (32, 16) of random phase and height, to be reproduced."""
    random = np.random.default_rng(0)
    phase, height = random.uniform(0.0, 6.0, (32, 1)), random.uniform(0.5, 1.5, (32, 1))
    waves = height * np.sin(np.linspace(0.0, 6.0, 16) + phase)
    return waves, waves
