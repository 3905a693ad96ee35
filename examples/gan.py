"""A generative adversarial network whose training step is written once, in `multiback.ops`, and runs on every backend.

Source: Goodfellow et al., Generative adversarial nets (2014), with the non-saturating loss. The data are the digits of
8 x 8 pixels bundled with scikit-learn.

    python examples/gan.py --backend torch --epochs 30
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import multiback as mb
from multiback import layers, ops

NOISE = 16


def generator() -> mb.Model:
    """Noise to an image of 64 pixels in [0, 1]."""
    return mb.Sequential(
        [layers.Input((NOISE,)), layers.Dense(96), layers.LeakyReLU(0.2), layers.Dense(64, activation="sigmoid")],
        name="generator",
    )


def discriminator() -> mb.Model:
    """An image to the logit of its being real."""
    return mb.Sequential(
        [layers.Input((64,)), layers.Dense(96), layers.LeakyReLU(0.2), layers.Dropout(0.3), layers.Dense(1)],
        name="discriminator",
    )


class Gan(mb.Model):
    """Two models that train against each other."""

    def __init__(self) -> None:
        super().__init__(name="gan")
        self.generator = generator()
        self.discriminator = discriminator()
        self.seed_generator = mb.random.SeedGenerator(1)
        self.generator_loss = mb.metrics.Mean(name="generator_loss")
        self.discriminator_loss = mb.metrics.Mean(name="discriminator_loss")
        self.generator_optimizer = mb.optimizers.Adam(1e-3, beta_1=0.5)
        self.discriminator_optimizer = mb.optimizers.Adam(1e-3, beta_1=0.5)

    @property
    def metrics(self) -> list[Any]:
        return [self.generator_loss, self.discriminator_loss]

    def call(self, noise: Any, training: bool | None = None) -> Any:
        return self.generator(noise, training=training)

    def train_step(self, data: Any) -> Any:
        real, *_ = data
        noise = mb.random.normal((real.shape[0], NOISE), seed=self.seed_generator)
        bce = mb.losses.BinaryCrossentropy(from_logits=True)

        def discriminator_loss() -> Any:
            fake = ops.stop_gradient(self.generator(noise, training=True))
            on_real = self.discriminator(real, training=True)
            on_fake = self.discriminator(fake, training=True)
            return bce(ops.ones_like(on_real), on_real) + bce(ops.zeros_like(on_fake), on_fake)

        def generator_loss() -> Any:
            on_fake = self.discriminator(self.generator(noise, training=True), training=True)
            return bce(ops.ones_like(on_fake), on_fake)

        for loss_of, model, optimizer, metric in (
            (discriminator_loss, self.discriminator, self.discriminator_optimizer, self.discriminator_loss),
            (generator_loss, self.generator, self.generator_optimizer, self.generator_loss),
        ):
            loss, gradients = ops.value_and_grad(loss_of, variables=model.trainable_variables)()
            optimizer.apply(gradients, model.trainable_variables)
            metric.update_state(loss)
        return {m.name: m.result() for m in self.metrics}


def show(images: np.ndarray) -> str:
    """Images of 8 x 8 pixels side by side, as text."""
    shades = " .:-=+*#%@"
    rows = images.reshape(-1, 8, 8).transpose(1, 0, 2)
    return "\n".join("   ".join("".join(shades[int(9.99 * p)] * 2 for p in row) for row in line) for line in rows)


def main() -> None:
    """Trains and shows some samples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", help="default: the preferred one that is installed")
    parser.add_argument("--epochs", type=int, default=60)
    given = parser.parse_args()
    mb.random.set_seed(0)
    images = (load_digits().data / 16.0).astype("float32")
    model = Gan()
    model.compile(backend=given.backend)
    model.fit(images, batch_size=64, epochs=given.epochs, verbose=2)
    noise = np.random.default_rng(0).normal(size=(5, NOISE)).astype("float32")
    print(show(model.predict(noise, verbose=0)))


if __name__ == "__main__":
    main()
