"""Run in a process of its own, with Keras as the library: loads the files in OURS, and saves files in THEIRS."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import keras
import numpy as np
from model_zoo import ZOO, orders, report, step


def save(folder: Path) -> None:
    for name, build in ZOO.items():
        keras.utils.set_random_seed(1)
        model, x, y = build(keras)
        model.train_on_batch(x, y)
        model.save(folder / f"{name}.keras")
        model.save_weights(folder / f"{name}.weights.h5")
        before = report(model, x, y)
        if name != "perceptron":
            step(model, x, y)
            before |= {f"next_{k}": v for k, v in report(model, x, y).items()}
        np.savez(folder / f"{name}.npz", **before)


def load(folder: Path) -> None:
    for name, build in ZOO.items():
        _, x, y = build(keras)
        model = keras.saving.load_model(folder / f"{name}.keras")
        found = report(model, x, y)
        fresh, _, _ = build(keras)
        fresh.load_weights(folder / f"{name}.weights.h5")
        found |= {f"again_{i}": a for i, a in enumerate(fresh.get_weights())}
        np.savez(folder / f"{name}.npz", **found)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    load(Path(sys.argv[1]))
    save(Path(sys.argv[2]))
    (Path(sys.argv[2]) / "orders.json").write_text(json.dumps(orders(keras)))
