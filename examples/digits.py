"""Handwritten digits: one model, trained from the same seed on every installed backend, and once across all of them.

The data are the 1,797 digits of 8 x 8 pixels bundled with scikit-learn (UCI, Alpaydin and Kaynak, 1998); every fifth is
kept for testing.

    python examples/digits.py                          # all backends, then the travelling run
    python examples/digits.py --backend jax            # one backend
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_digits

import multiback as mb
from multiback import layers
from multiback.testing import one_step_distance

EPOCHS = 12
BATCH = 32
BACKENDS = ("torch", "jax", "tensorflow", "numpy")
JOURNEY = ("torch", "jax", "tensorflow")


@dataclass
class Result:
    """What one run gave."""

    backend: str
    version: str
    accuracy: float
    loss: float
    steps_per_second: float
    distance: float


def load_data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images (n, 8, 8, 1) in [0, 1] and labels, for training and for testing."""
    digits = load_digits()
    images = (digits.images / 16.0).astype("float32")[..., None]
    test = np.arange(len(images)) % 5 == 0
    return images[~test], digits.target[~test], images[test], digits.target[test]


def build_model(dtype: str = "float32") -> mb.Model:
    """A small convolutional network with batch normalisation and dropout."""
    return mb.Sequential(
        [
            layers.Input((8, 8, 1), dtype=dtype),
            layers.Conv2D(24, 3, padding="same", use_bias=False, dtype=dtype),
            layers.BatchNormalization(momentum=0.9, dtype=dtype),
            layers.ReLU(dtype=dtype),
            layers.MaxPooling2D(dtype=dtype),
            layers.Conv2D(48, 3, padding="same", activation="relu", dtype=dtype),
            layers.Flatten(dtype=dtype),
            layers.Dropout(0.3, dtype=dtype),
            layers.Dense(10, dtype=dtype),
        ],
        name="digits",
    )


def compiled_model(backend: str, dtype: str = "float32") -> mb.Model:
    """The model with the same initial weights, whatever the backend."""
    mb.random.set_seed(0)
    model = build_model(dtype)
    loss = mb.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(mb.optimizers.Adam(2e-3), loss, metrics=["accuracy"], backend=backend)
    return model


def run(backend: str, epochs: int = EPOCHS) -> Result:
    """Trains on one backend and tests."""
    x, y, x_test, y_test = load_data()
    distance = one_step_distance(compiled_model(backend), x[:BATCH], y[:BATCH])
    model = compiled_model(backend)
    model.fit(x, y, batch_size=BATCH, epochs=1)
    start = time.perf_counter()
    model.fit(x, y, batch_size=BATCH, epochs=epochs, initial_epoch=1)
    seconds = time.perf_counter() - start
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    steps = -(-len(x) // BATCH) * (epochs - 1)
    return Result(backend, mb.backends.get_adapter(backend).version(), accuracy, loss, steps / seconds, distance)


def travel(journey: tuple[str, ...], epochs: int = 6) -> float:
    """The largest relative difference of final weights between a run that moves between backends and one that stays.

    Both run in float64 from the same seed. Weights, Adam's slots, batch statistics, dropout masks and the order of the
    data all go on where they were.
    """
    x, y, *_ = load_data()
    x = x.astype("float64")
    stay = compiled_model(journey[0], "float64")
    stay.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
    moving = compiled_model(journey[0], "float64")
    leg = epochs // len(journey)
    for i, backend in enumerate(journey):
        moving.to(backend).fit(x, y, batch_size=BATCH, epochs=(i + 1) * leg, initial_epoch=i * leg, verbose=2)
    pairs = zip(stay.get_weights(), moving.get_weights())
    return max(float(np.max(np.abs(a - b)) / np.max(np.abs(a))) for a, b in pairs)


def report(console: Console, results: list[Result], journey: tuple[str, ...], difference: float | None) -> None:
    """Prints the table, and what became of the travelling run."""
    table = Table(title="Handwritten digits, the same seed on every backend")
    for heading in ("backend", "version", "test accuracy", "test loss", "steps/s", "one step from float64"):
        table.add_column(heading, justify="left" if heading in ("backend", "version") else "right")
    for r in results:
        accuracy = f"{100 * r.accuracy:.2f} %"
        table.add_row(r.backend, r.version, accuracy, f"{r.loss:.4f}", f"{r.steps_per_second:.0f}", f"{r.distance:.1e}")
    console.print(table)
    console.print("One step from float64: the distance of the first update from the float64 reference, relative to it.")
    if difference is not None:
        verdict = "agree" if difference <= 1e-10 else "DO NOT agree"
        console.print(
            f"Travelling run {' -> '.join(journey)} in float64: final weights {verdict} with the run that stayed on "
            f"{journey[0]} (largest relative difference {difference:.1e}, bound 1e-10)."
        )


def main() -> int:
    """Runs the demo; the exit status is 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", action="append", help="only this backend; may be repeated")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    given = parser.parse_args()
    console = Console()
    backends = given.backend or [b for b in mb.available_backends() if b in BACKENDS]
    results = []
    for backend in backends:
        console.rule(f"{backend}")
        results.append(run(backend, min(given.epochs, 4) if backend == "numpy" else given.epochs))
    difference = None
    if not given.backend and all(b in backends for b in JOURNEY):
        console.rule(" -> ".join(JOURNEY))
        difference = travel(JOURNEY)
    report(console, results, JOURNEY, difference)
    kept = all(r.accuracy >= 0.97 for r in results if r.backend != "numpy" and given.epochs >= EPOCHS)
    return 0 if kept and (difference is None or difference <= 1e-10) else 1


if __name__ == "__main__":
    raise SystemExit(main())
