"""Trains on PyTensor, goes on with the same run on another backend, and puts the model into a PyTensor graph.

python example.py --then jax
"""

from __future__ import annotations

import argparse

import numpy as np
import pytensor
import pytensor.tensor as pt
from sklearn.datasets import load_digits

import multiback as mb
from multiback import layers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--then", default="jax", help="the backend that goes on")
    given = parser.parse_args()
    images, digits = load_digits(return_X_y=True)
    images, digits = (images / 16).astype("float32").reshape(-1, 8, 8, 1), digits.astype("int32")

    mb.random.set_seed(0)
    model = mb.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    loss = mb.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(mb.optimizers.Adam(0.003), loss, metrics=["accuracy"], backend="pytensor")
    model.fit(images[:1500], digits[:1500], epochs=3, verbose=0)
    print(
        "pytensor, 3 epochs: loss {:.4f}, accuracy {:.3f}".format(
            *model.evaluate(images[1500:], digits[1500:], verbose=0)
        )
    )

    x = pt.tensor("x", dtype="float32", shape=(None, 8, 8, 1))
    confidence = pt.special.softmax(model(x), axis=-1).max(axis=-1)
    saliency = pytensor.function([x], pytensor.grad(confidence.sum(), x), mode="FAST_COMPILE")(images[:1])
    print(f"pytensor, the model in a graph of its own: gradient of the confidence {np.abs(saliency).max():.4f} at most")

    model.to(given.then).fit(images[:1500], digits[:1500], epochs=6, initial_epoch=3, verbose=0)
    print(
        "{}, 6 epochs: loss {:.4f}, accuracy {:.3f}".format(
            given.then, *model.evaluate(images[1500:], digits[1500:], verbose=0)
        )
    )


if __name__ == "__main__":
    main()
