"""Files travel both ways: what Keras writes loads here with equal predictions, and what is written here in Keras."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from model_zoo import ZOO, orders, report, step

import multiback as mb

CLOSE = {"rtol": 2e-5, "atol": 2e-6}
Reports = dict[str, dict[str, np.ndarray]]


@dataclass
class Exchange:
    """Two folders of files, each with what the other library found in them."""

    ours: Path
    theirs: Path
    written: Reports


# Keras compiles nothing on torch, hence is quick there; its files are the same on all backends.
@pytest.fixture(scope="module", params=["torch", pytest.param("jax", marks=pytest.mark.thorough)])
def exchange(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exchange:
    ours, theirs = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("theirs")
    written = {}
    mb.random.set_seed(3)
    with mb.use_backend("torch"):
        for name, build in ZOO.items():
            model, x, y = build(mb)
            model.train_on_batch(x, y)
            model.save(ours / f"{name}.keras")
            model.save_weights(ours / f"{name}.weights.h5")
            written[name] = report(model, x, y)
    script = Path(__file__).parent / "in_keras.py"
    environment = os.environ | {"KERAS_BACKEND": request.param, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, script, ours, theirs], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return Exchange(ours, theirs, written)


@pytest.mark.parametrize("name", ZOO)
def test_files_written_by_keras_give_equal_predictions_and_steps(name: str, exchange: Exchange) -> None:
    _, x, y = ZOO[name](mb)
    with mb.use_backend("torch"):
        model = mb.models.load_model(exchange.theirs / f"{name}.keras")
        found = report(model, x, y)
        step(model, x, y)
        found |= {f"next_{k}": v for k, v in report(model, x, y).items()}
    wanted = np.load(exchange.theirs / f"{name}.npz")
    exact = [k for k in wanted if k.startswith(("weight_", "slot_"))]
    assert len(exact) > 4
    for key in exact:
        np.testing.assert_array_equal(found[key], wanted[key], err_msg=key)
    for key in wanted.files:
        np.testing.assert_allclose(found[key], wanted[key], **CLOSE, err_msg=key)


@pytest.mark.parametrize("name", ZOO)
def test_weights_written_by_keras_are_loaded(name: str, exchange: Exchange) -> None:
    model, _, _ = ZOO[name](mb)
    model.load_weights(exchange.theirs / f"{name}.weights.h5")
    wanted = np.load(exchange.theirs / f"{name}.npz")
    for i, found in enumerate(model.get_weights()):
        np.testing.assert_array_equal(found, wanted[f"weight_{i}"])


@pytest.mark.parametrize("name", ZOO)
def test_keras_loads_our_files_with_equal_predictions(name: str, exchange: Exchange) -> None:
    found = np.load(exchange.ours / f"{name}.npz")
    for key, value in exchange.written[name].items():
        if key.startswith(("weight_", "slot_")):
            np.testing.assert_array_equal(found[key], value, err_msg=key)
        np.testing.assert_allclose(found[key], value, **CLOSE, err_msg=key)
        if key.startswith("weight_"):
            np.testing.assert_array_equal(found[key.replace("weight", "again")], value, err_msg=key)


def test_layers_are_in_the_same_order(exchange: Exchange) -> None:
    assert orders(mb) == json.loads((exchange.theirs / "orders.json").read_text())
