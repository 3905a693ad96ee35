"""A generative adversarial network: two optimizers in a training step of its own. Source: Goodfellow et al. 2014."""

from __future__ import annotations

from typing import Any

import numpy as np

import multiback as mb
from multiback import layers, ops

NOISE = 3


class Gan(mb.Model):
    """Two models that train against each other."""

    def __init__(self) -> None:
        super().__init__(name="gan")
        self.generator = mb.Sequential(
            [layers.Input((NOISE,)), layers.Dense(12), layers.LeakyReLU(0.2), layers.Dense(2)], name="generator"
        )
        self.discriminator = mb.Sequential(
            [layers.Input((2,)), layers.Dense(12), layers.LeakyReLU(0.2), layers.Dropout(0.2), layers.Dense(1)],
            name="discriminator",
        )
        self.seed_generator = mb.random.SeedGenerator(1)
        self.generator_optimizer = mb.optimizers.Adam(0.005, beta_1=0.5, name="generator_adam")
        self.discriminator_optimizer = mb.optimizers.Adam(0.005, beta_1=0.5, name="discriminator_adam")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.discriminator(inputs, training=training)

    def train_step(self, data: Any) -> Any:
        real, *_ = data
        noise = mb.random.normal((real.shape[0], NOISE), dtype=real.dtype, seed=self.seed_generator)
        bce = mb.losses.BinaryCrossentropy(from_logits=True)

        def discriminator_loss() -> Any:
            fake = ops.stop_gradient(self.generator(noise, training=True))
            on_real, on_fake = self.discriminator(real, training=True), self.discriminator(fake, training=True)
            return bce(ops.ones_like(on_real), on_real) + bce(ops.zeros_like(on_fake), on_fake)

        def generator_loss() -> Any:
            on_fake = self.discriminator(self.generator(noise, training=True), training=True)
            return bce(ops.ones_like(on_fake), on_fake)

        logs = {}
        for loss_of, player, optimizer in (
            (discriminator_loss, self.discriminator, self.discriminator_optimizer),
            (generator_loss, self.generator, self.generator_optimizer),
        ):
            loss, gradients = ops.value_and_grad(loss_of, variables=player.trainable_variables)()
            optimizer.apply(gradients, player.trainable_variables)
            logs[player.name] = loss
        return logs


def model() -> mb.Model:
    """Adam for each player."""
    gan = Gan()
    gan.compile()
    return gan


def data() -> tuple[np.ndarray, None]:
    """Points (32, 2) on a circle, to be imitated."""
    random = np.random.default_rng(0)
    angle = random.uniform(0.0, 2.0 * np.pi, 32)
    return np.stack([np.cos(angle), np.sin(angle)], -1) + random.normal(0.0, 0.05, (32, 2)), None
