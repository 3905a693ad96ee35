"""Models in files: what is saved is what is loaded, training goes on exactly, and a bad file changes nothing."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers
from multiback.errors import ArgumentError, SavingError
from multiback.models import load_model
from multiback.saving.zip_archive import CONFIG, METADATA, WEIGHTS, write_archive

X = np.random.default_rng(0).normal(size=(24, 5)).astype("float32")
Y = np.random.default_rng(1).normal(size=(24, 2)).astype("float32")


def made(**compile_arguments: Any) -> Any:
    mb.random.set_seed(0)
    x = inputs = mb.Input((5,))
    x = layers.Dropout(0.3)(layers.BatchNormalization()(layers.Dense(6, activation="tanh")(x)))
    inner = mb.Sequential([layers.Dense(4), layers.GaussianNoise(0.1)], name="inner")
    model = mb.Model(inputs, layers.Dense(2)(inner(x)), name="m")
    model.compile("adam", "mse", metrics=["mae"], **compile_arguments)
    return model


def fitted(model: Any, epochs: int, initial_epoch: int = 0) -> Any:
    return model.fit(X, Y, batch_size=8, epochs=epochs, initial_epoch=initial_epoch, verbose=0).history


@pytest.fixture(scope="module")
def file() -> bytes:
    model, buffer = made(), io.BytesIO()
    fitted(model, 1)
    model.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def saved(tmp_path: Path, file: bytes) -> Path:
    (tmp_path / "m.keras").write_bytes(file)
    return tmp_path / "m.keras"


def test_a_resumed_run_is_the_uninterrupted_one(backend: str, tmp_path: Path) -> None:
    """Dropout masks, noise, shuffles, optimizer and statistics go on where they were."""
    uninterrupted = made()
    wanted = fitted(uninterrupted, 4)
    first = made()
    fitted(first, 2)
    first.save(tmp_path / "m.keras")
    resumed = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(resumed.predict(X, verbose=0), first.predict(X, verbose=0))
    found = fitted(resumed, 4, initial_epoch=2)
    assert {k: v[2:] for k, v in wanted.items()} == found
    for a, b in zip(uninterrupted.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_run_resumes_in_a_process_that_sets_no_seed(saved: Path) -> None:
    wanted = fitted(load_model(saved), 3, initial_epoch=1)["loss"]
    program = (
        "import numpy, sys, multiback as mb\n"
        "X = numpy.random.default_rng(0).normal(size=(24, 5)).astype('float32')\n"
        "Y = numpy.random.default_rng(1).normal(size=(24, 2)).astype('float32')\n"
        "model = mb.models.load_model(sys.argv[1])\n"
        "print(model.fit(X, Y, batch_size=8, epochs=3, initial_epoch=1, verbose=0).history['loss'])\n"
    )
    environment = os.environ | {"MULTIBACK_BACKEND": mb.backend()}
    done = subprocess.run([sys.executable, "-c", program, saved], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == wanted


def test_a_file_written_on_one_backend_is_loaded_on_another(tmp_path: Path) -> None:
    with mb.use_backend("torch"):
        model = made()
        fitted(model, 1)
        model.save(tmp_path / "m.keras")
        wanted = model.predict(X, verbose=0)
    with mb.use_backend("jax"):
        other = load_model(tmp_path / "m.keras")
        assert other.backend == "jax"
        np.testing.assert_allclose(other.predict(X, verbose=0), wanted, rtol=1e-5, atol=1e-6)


def test_how_it_was_compiled(tmp_path: Path) -> None:
    model = made(
        loss_weights=[0.5], weighted_metrics=["mse"], on_nonfinite="raise", run_eagerly=True, jit_compile=False
    )
    model.save(tmp_path / "m.keras")
    found = load_model(tmp_path / "m.keras")
    assert found.get_compile_config() == model.get_compile_config()
    assert (found.on_nonfinite, found.run_eagerly, found.jit_compile) == ("raise", True, False)
    config = json.loads(zipfile.ZipFile(tmp_path / "m.keras").read(CONFIG))
    assert "on_nonfinite" not in config["compile_config"], "Keras would not take it"


def test_mixed_precision_wraps_the_optimizer_once(tmp_path: Path) -> None:
    dense = layers.Dense(2, dtype="mixed_float16")
    model = mb.Sequential([mb.Input((5,)), dense], name="half")
    model.dtype_policy = dense.dtype_policy
    model.compile("sgd", "mse")
    assert type(model.optimizer).__name__ == "LossScaleOptimizer"
    assert model.get_compile_config()["optimizer"]["class_name"] == "SGD"
    model.compile("sgd", "mse", auto_scale_loss=False)
    assert model.get_compile_config()["auto_scale_loss"] is False


def test_without_compiling(saved: Path) -> None:
    model = load_model(saved, compile=False)
    assert not model.compiled
    np.testing.assert_array_equal(model.predict(X, verbose=0), load_model(saved).predict(X, verbose=0))


def test_files_in_memory(saved: Path) -> None:
    buffer = io.BytesIO()
    model = load_model(saved)
    model.save(buffer)
    np.testing.assert_array_equal(load_model(buffer).get_weights()[0], model.get_weights()[0])


def test_names_of_files(tmp_path: Path, saved: Path) -> None:
    model = load_model(saved)
    for name in ("m.h5", "m", "m.keras.zip"):
        with pytest.raises(ArgumentError, match=r"must end in '\.keras'"):
            model.save(tmp_path / name)
    with pytest.raises(ArgumentError, match="exists already"):
        model.save(saved, overwrite=False)
    with pytest.raises(ArgumentError, match="no argument 'save_format'"):
        model.save(saved, save_format="h5")
    with pytest.raises(ArgumentError, match="zipped=False"):
        model.save(saved, zipped=False)
    with pytest.raises(SavingError, match="No such file"):
        load_model(tmp_path / "absent.keras")
    with pytest.raises(SavingError, match="not a regular file"):
        load_model(tmp_path)


class Twin(mb.Model):
    """Two inputs by name, layers in attributes and a list, an argument that is kept by its name only."""

    def __init__(self, width: int, kind: str = "relu") -> None:
        super().__init__()
        self.zeta = layers.Dense(width, activation=kind)
        self.blocks = [layers.Dense(width), layers.Dense(width)]
        self.head = layers.Dense(1)
        self.drop = layers.Dropout(0.5)

    def call(self, x: Any, ids: Any, training: bool = False) -> Any:
        h = self.drop(self.zeta(x), training=training) + mb.ops.cast(ids, "float32")
        for block in self.blocks:
            h = block(h)
        return self.head(h)


def test_a_subclassed_model_is_built_as_it_was(tmp_path: Path) -> None:
    model = Twin(3, kind="tanh")
    ids = np.arange(12, dtype="int32").reshape(4, 3)
    wanted = np.asarray(model(X[:4], ids))
    model.save(tmp_path / "twin.keras")
    with pytest.raises(SavingError, match=r"'Twin'.*custom_objects"):
        load_model(tmp_path / "twin.keras")
    found = load_model(tmp_path / "twin.keras", custom_objects={"Twin": Twin})
    assert [w.path for w in found.weights] == [w.path for w in model.weights]
    assert [x.name for x in found.layers] == [x.name for x in model.layers]
    np.testing.assert_array_equal(np.asarray(found(X[:4], ids)), wanted)
    np.testing.assert_array_equal(
        np.asarray(found(X[:4], ids, training=True)), np.asarray(model(X[:4], ids, training=True))
    )


def test_a_model_that_is_not_built_yet(tmp_path: Path) -> None:
    model = mb.Sequential([layers.Dense(3), layers.Dense(2)], name="later")
    model.save(tmp_path / "m.keras")
    found = load_model(tmp_path / "m.keras")
    assert not found.built
    assert [layer.units for layer in found.layers] == [3, 2]


# ---- bad files


def changed(path: Path, **members: Callable[[Any], Any]) -> Path:
    """Writes the archive again with some members changed, as a forger would: with right checksums."""
    with zipfile.ZipFile(path) as archive:
        data = {name: archive.read(name) for name in (METADATA, CONFIG, WEIGHTS)}
    for name, change in members.items():
        member = {"metadata": METADATA, "config": CONFIG, "weights": WEIGHTS}[name]
        if member == WEIGHTS:
            data[member] = change(data[member])
        else:
            value = json.loads(data[member])
            data[member] = json.dumps(change(value) or value).encode()
    with open(path, "wb") as file:
        write_archive(file, data)
    return path


def dense_of(config: dict[str, Any]) -> dict[str, Any]:
    return next(x["config"] for x in config["config"]["layers"] if x["class_name"] == "Dense")


FORGERIES: dict[str, tuple[dict[str, Callable[[Any], Any]], str]] = {
    "weights larger than the file": ({"config": lambda c: dense_of(c).update(units=10**10)}, "more than the file has"),
    "other weights": ({"config": lambda c: dense_of(c).update(units=5)}, "expects shape"),
    "name that is a path": ({"config": lambda c: c["config"].update(name="../../x")}, "Names are made of letters"),
    "layer name that is a path": ({"config": lambda c: c["config"]["layers"][1].update(name="../x")}, "Names are made"),
    "class that is not known": ({"config": lambda c: c.update(class_name="Evil", module="evil")}, "'Evil'"),
    "not a model": ({"config": lambda c: c["config"]["layers"][1]}, "Dense, which is not a model"),
    "no class": ({"config": lambda c: {"a": 1}}, "does not describe a model"),
    "a list": ({"config": lambda c: [c]}, "does not describe a model"),
    "layers that are text": ({"config": lambda c: c["config"].update(layers="abc")}, "no list of layers"),
    "calls in a circle": (
        {"config": lambda c: c["config"]["layers"][1].update(inbound_nodes=c["config"]["layers"][-1]["inbound_nodes"])},
        "called on tensors that no layer gives",
    ),
    "output that is not there": ({"config": lambda c: c["config"].update(output_layers=["a", 7, 0])}, "wants output 0"),
    "later format": ({"metadata": lambda m: m["multiback"].update(format=99)}, "format 99.*Update multiback"),
    "malformed extra state": ({"metadata": lambda m: m["multiback"].update(epochs="many")}, "malformed section"),
    "negative counter": ({"metadata": lambda m: m["multiback"].update(random_state={"": -1})}, "malformed section"),
    "unknown optimizer": ({"config": lambda c: c["compile_config"]["optimizer"].update(class_name="Evil")}, "'Evil'"),
    "unknown argument of compile": ({"config": lambda c: c["compile_config"].update(evil=1)}, "evil"),
    "weights cut short": ({"weights": lambda w: w[:-100]}, r"model\.weights\.h5 is damaged"),
    "weights flipped": ({"weights": lambda w: w.replace(w[-40:], bytes(40))}, r"model\.weights\.h5"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_file_is_refused_and_says_where(name: str, saved: Path) -> None:
    changes, message = FORGERIES[name]
    with pytest.raises(SavingError, match=message) as caught:
        load_model(changed(saved, **changes))
    assert "m.keras" in str(caught.value)


def test_damage_anywhere_is_detected(saved: Path) -> None:
    data = saved.read_bytes()
    generator = np.random.default_rng(0)
    with zipfile.ZipFile(saved) as archive:
        contents = [(i.header_offset + 30 + len(i.filename), i.file_size) for i in archive.infolist()]
    places = [start + int(n) for start, size in contents for n in generator.integers(0, size, 12)]
    for place in places:
        flipped = bytearray(data)
        flipped[place] ^= 1 << int(generator.integers(8))
        saved.write_bytes(flipped)
        with pytest.raises(SavingError, match=r"m\.keras is damaged: Bad CRC-32"):
            load_model(saved)
    for length in range(0, len(data), len(data) // 40):
        saved.write_bytes(data[:length])
        with pytest.raises(SavingError, match=r"m\.keras"):
            load_model(saved)


def test_a_failed_save_leaves_the_old_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()
    model = load_model(saved)
    model.layers[1].activation = lambda x: x
    with pytest.raises(SavingError, match="code is never saved"):
        model.save(saved)
    monkeypatch.setattr("multiback.saving.model_files.read_archive", lambda *_: {})
    with pytest.raises(SavingError, match="did not read back as written"):
        load_good_and_save(saved)
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def load_good_and_save(path: Path) -> None:
    made().save(path)


def test_nothing_but_the_given_file_is_opened(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_model(saved)
    opened: list[Any] = []
    sys.addaudithook(lambda event, args: opened.append(args[0]) if event == "open" and recording else None)
    recording = True
    try:
        load_model(saved)
    finally:
        recording = False
    assert {str(path) for path in opened if not isinstance(path, int)} == {str(saved)}
