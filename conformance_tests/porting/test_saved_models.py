"""Folders that `tf.saved_model.save` and Keras 3's `model.export` wrote, as models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras_exports import MODELS
from tensorflow_nets import Convolutional, PlainNormalization

import multiback as mb
from multiback.errors import ArgumentError, PortError, UnsupportedModel

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Keras on TensorFlow wrote, in a process of its own: the suite has Keras on another backend."""
    folder = tmp_path_factory.mktemp("exported")
    script = Path(__file__).parent / "keras_exports.py"
    done = subprocess.run([sys.executable, str(script), str(folder)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


class Branches(tf.Module):
    """Two signatures, two methods, a branch, a counter, and a form for training."""

    def __init__(self) -> None:
        super().__init__(name="branches")
        self.net = Convolutional(PlainNormalization)
        self.scale = tf.Variable(1.5, name="scale")
        self.unused = tf.Variable(2.0, name="unused")
        self.calls = tf.Variable(0, trainable=False, name="calls")

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    def double(self, x: Any) -> Any:
        self.calls.assign_add(1)
        y = x * self.scale if tf.reduce_sum(x) > 0 else x - self.scale
        return {"doubled": 2 * y, "calls": self.calls + 0}

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32), tf.TensorSpec([None, 4], tf.float32)])
    def joined(self, x: Any, y: Any) -> Any:
        return tf.concat([x, y * self.scale], 1)

    @tf.function
    def __call__(self, x: Any, training: bool = False) -> Any:
        return self.net(x, training)


IMAGES = np.random.default_rng(2).standard_normal((3, 9, 8, 2)).astype(np.float32)
ROWS = np.random.default_rng(3).standard_normal((2, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Branches]:
    """A module of TensorFlow and the folder it was saved in."""
    folder = str(tmp_path_factory.mktemp("saved") / "branches")
    module = Branches()
    for training in (False, True):
        module.__call__.get_concrete_function(tf.TensorSpec([None, 9, 8, 2], tf.float32), training=training)
    tf.saved_model.save(module, folder, signatures={"double": module.double, "joined": module.joined})
    return folder, module


@pytest.mark.parametrize("name", MODELS)
def test_keras_export(exported: Path, name: str) -> None:
    """As Keras computed it; verified against the SavedModel; on every backend the same."""
    backends = ["tensorflow", "torch"]
    model = mb.from_tensorflow(exported / name, verify=backends)
    report = model.port_report
    assert {row.backend for row in report.rows} == set(backends)
    assert {row.quantity for row in report.rows} >= {"forward", "forward, another batch size", "gradients"}
    arrays = np.load(exported / f"{name}.npz")
    inputs = {k.removeprefix("in/"): arrays[k] for k in arrays if k.startswith("in/")}
    wanted = {k.removeprefix("out/"): arrays[k] for k in arrays if k.startswith("out/")}
    if len(inputs) == 1:
        inputs = {next(iter(model.input_specs)): next(iter(inputs.values()))}
    for backend in ("numpy", "jax"):
        found = model.to(backend)(**inputs)
        for key, want in wanted.items():
            np.testing.assert_allclose(np.asarray(found[key]), want, rtol=2e-5, atol=2e-6)


def test_export_is_judged_in_float64(exported: Path) -> None:
    report = mb.from_tensorflow(exported / "transformer", verify=["numpy"]).port_report
    assert report.passed and {row.precision for row in report.rows} == {"float64"}


def test_exported_names(exported: Path) -> None:
    """Names as in Keras, without TensorFlow's `:0`; sequences of any length."""
    model = mb.from_tensorflow(exported / "recurrent", verify=False)
    names = list(model.named_weights)
    assert all(":" not in name for name in names)
    assert any(name.endswith("lstm_cell/recurrent_kernel") for name in names)
    assert all(variable.trainable for variable in model.named_weights.values())
    (spec,) = model.input_specs.values()
    assert [str(size) for size in spec.shape] == ["batch", "length", "3"]
    statistics = mb.from_tensorflow(exported / "convolutional", verify=False).named_weights
    assert {v.trainable for k, v in statistics.items() if "moving" in k} == {False}


def test_signatures(saved: tuple[str, Branches]) -> None:
    folder, module = saved
    model = mb.from_tensorflow(folder, signature="joined", verify=["numpy", "jax"])
    found = model(x=ROWS, y=ROWS + 1)
    (value,) = found.values()
    np.testing.assert_allclose(np.asarray(value), module.joined(ROWS, ROWS + 1).numpy(), rtol=1e-6)
    assert set(model.named_weights) == {"scale"}
    branched = mb.from_tensorflow(folder, signature="double", verify=["tensorflow", "torch"])
    for rows in (ROWS, np.abs(ROWS), -np.abs(ROWS)):
        want = module.double(rows)
        found = branched(x=rows)
        np.testing.assert_allclose(np.asarray(found["doubled"]), want["doubled"].numpy(), rtol=1e-6)
        assert int(np.asarray(found["calls"])) == int(want["calls"])


def test_the_form_for_training(saved: tuple[str, Branches]) -> None:
    """A function that was saved for both values of `training` gives both forms; statistics are compared."""
    folder, module = saved
    model = mb.from_tensorflow(folder, IMAGES, signature="__call__", verify=["tensorflow"])
    quantities = {row.quantity for row in model.port_report.rows}
    assert {"forward, training", "statistics after a training step", "gradients"} <= quantities
    np.testing.assert_allclose(np.asarray(model(IMAGES)), module(IMAGES).numpy(), rtol=1e-5)
    before = model.named_weights["moving_mean"].numpy()
    model(IMAGES, training=True)
    assert not np.array_equal(before, model.named_weights["moving_mean"].numpy())


def test_a_loaded_model(saved: tuple[str, Branches]) -> None:
    loaded = tf.saved_model.load(saved[0])
    model = mb.from_tensorflow(loaded, signature="joined", verify=["numpy"])
    assert model.port_report.passed
    concrete = loaded.signatures["joined"]
    assert mb.from_tensorflow(concrete, verify=["numpy"]).port_report.passed


def test_no_such_signature(saved: tuple[str, Branches]) -> None:
    with pytest.raises(ArgumentError, match=r"no signature 'jioned'.*joined"):
        mb.from_tensorflow(saved[0], signature="jioned")
    with pytest.raises(PortError, match=r"double, joined"):
        mb.from_tensorflow(saved[0])


def test_wrong_inputs(saved: tuple[str, Branches]) -> None:
    with pytest.raises(ArgumentError, match=r"takes 2 arrays"):
        mb.from_tensorflow(saved[0], ROWS, signature="joined")
    with pytest.raises(ArgumentError, match=r"\(None, 4\)"):
        mb.from_tensorflow(saved[0], np.ones((2, 5), np.float32), signature="double")


def test_not_a_saved_model(tmp_path: Path) -> None:
    with pytest.raises(PortError, match=r"no saved_model\.pb"):
        mb.from_tensorflow(tmp_path)
    with pytest.raises(PortError, match=r"no saved_model\.pb"):
        mb.from_tensorflow(str(tmp_path / "missing"))


def _damaged(folder: str, to: Path, how: str) -> Path:
    """A copy of a SavedModel with something wrong."""
    for path in Path(folder).rglob("*"):
        target = to / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            target.write_bytes(path.read_bytes())
    graph = to / "saved_model.pb"
    if how == "noise":
        graph.write_bytes(np.random.default_rng(0).bytes(4000))
    elif how == "cut":
        graph.write_bytes(graph.read_bytes()[:5000])
    elif how == "empty":
        graph.write_bytes(b"")
    elif how == "no variables":
        for path in (to / "variables").iterdir():
            path.unlink()
    elif how == "cut variables":
        data = next((to / "variables").glob("*.data-*"))
        data.write_bytes(data.read_bytes()[:20])
    return to


@pytest.mark.parametrize("how", ["noise", "cut", "empty", "no variables", "cut variables"])
def test_damaged(saved: tuple[str, Branches], tmp_path: Path, how: str) -> None:
    with pytest.raises(PortError, match="damaged"):
        mb.from_tensorflow(_damaged(saved[0], tmp_path / "copy", how), signature="double")


def test_ops_that_reach_files_are_refused_unread(tmp_path: Path) -> None:
    """They would run when the folder is loaded."""
    target = tmp_path / "written"

    class Writing(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def __call__(self, x: Any) -> Any:
            tf.io.write_file(str(target), "harm")
            return x

    tf.saved_model.save(Writing(), str(tmp_path / "model"))
    with pytest.raises(UnsupportedModel, match=r"WriteFile .*reaches files"):
        mb.from_tensorflow(tmp_path / "model")
    assert not target.exists()


def test_lookup_tables_are_refused(tmp_path: Path) -> None:
    class Looking(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            pairs = tf.lookup.KeyValueTensorInitializer(tf.constant([1, 2], tf.int64), tf.constant([3, 4], tf.int64))
            self.table = tf.lookup.StaticHashTable(pairs, -1)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])
        def __call__(self, x: Any) -> Any:
            return self.table.lookup(x)

    tf.saved_model.save(Looking(), str(tmp_path / "model"))
    with pytest.raises(UnsupportedModel, match=r"LookupTableFindV2 \(1x\).*lookup tables"):
        mb.from_tensorflow(tmp_path / "model")
