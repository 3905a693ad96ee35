"""Models of Keras, live ones and files, here: weights, outputs, gradients, steps; and back."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras_zoo import ZOO

import multiback as mb
from multiback import layers, ops
from multiback.errors import ArgumentError, PortError, UnsupportedModel
from multiback.porting.exporting import to_file, to_keras
from multiback.porting.importing import from_keras, from_onnx

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CLOSE = {"rtol": 2e-5, "atol": 5e-6}
BACKENDS = ("numpy", "torch", "jax", "tensorflow")
SMALL = ("MobileNet", "MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "DenseNet121")
LARGE = (
    "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge", "DenseNet169", "DenseNet201",
    "EfficientNetB1", "EfficientNetB2", "EfficientNetB3", "EfficientNetB4", "EfficientNetB5", "EfficientNetB6",
    "EfficientNetB7", "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2", "EfficientNetV2B3", "EfficientNetV2L",
    "EfficientNetV2M", "EfficientNetV2S", "InceptionResNetV2", "InceptionV3", "MobileNetV3Large", "NASNetLarge",
    "ResNet101", "ResNet101V2", "ResNet152", "ResNet152V2", "ResNet50", "ResNet50V2", "VGG16", "VGG19", "Xception",
)  # fmt: skip
NOT_ON_TORCH = ("NASNetMobile",)  # Keras refuses to build it there.


def in_keras(out: pathlib.Path, *arguments: str, backend: str = "torch", seconds: int = 900) -> None:
    """Runs Keras in a process of its own: its backend is chosen once and for all when it is imported."""
    script = pathlib.Path(__file__).parent / "in_keras.py"
    environment = os.environ | {"KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, script, out, *arguments], env=environment, capture_output=True, text=True, timeout=seconds
    )
    assert done.returncode == 0, done.stderr[-4000:]


Examples = tuple[dict[str, Any], dict[str, dict[str, np.ndarray]]]


def _examples(out: pathlib.Path, backends: tuple[str, ...]) -> Examples:
    in_keras(out, "zoo", ",".join(ZOO), ",".join(backends))
    found = json.loads((out / "zoo.json").read_text())
    return found, {name: dict(np.load(out / f"{name}.npz")) for name in ZOO if "error" not in found[name]}


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return _examples(tmp_path_factory.mktemp("zoo"), ("numpy", "torch"))


def _several(arrays: dict[str, np.ndarray], what: str) -> list[np.ndarray]:
    found = [key for key in arrays if key.rpartition("/")[0] == what]
    assert found, what
    return [arrays[key] for key in sorted(found, key=lambda k: int(k.rpartition("/")[2]))]


def _equal(arrays: dict[str, np.ndarray], got: str, want: str) -> None:
    for a, b in zip(_several(arrays, got), _several(arrays, want), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ZOO)
def test_example(name: str, examples: Examples) -> None:
    found = examples[0][name]
    assert "error" not in found, found["error"]
    arrays = examples[1][name]
    report = found["report"]
    assert report["verified"] and not report["failed"], report["failed"]
    assert {"forward", "forward, another batch size", "gradients", "weights after an SGD step"} <= set(
        report["quantities"]
    )
    # Ours count ops between layers among the layers.
    assert [n for n in found["layers"] if n in found["their_layers"]] == found["their_layers"]
    _equal(arrays, "weight", "wanted weight")
    _equal(arrays, "slot", "wanted slot")
    for backend in ("numpy", "torch"):
        for a, b in zip(_several(arrays, f"output on {backend}"), _several(arrays, "wanted output"), strict=True):
            np.testing.assert_allclose(a, b, **CLOSE)
    if found["stepped"]:
        pairs = zip(_several(arrays, "weight after a step"), _several(arrays, "wanted weight after a step"))
        moved = 0
        for (a, b), before in zip(pairs, _several(arrays, "weight")):
            np.testing.assert_allclose(a, b, **CLOSE)
            moved += not np.array_equal(b, before)
        assert moved


@pytest.mark.parametrize("name", ZOO)
def test_example_back_in_keras(name: str, examples: Examples) -> None:
    arrays = examples[1][name]
    _equal(arrays, "weight again", "wanted weight")
    _equal(arrays, "slot again", "wanted slot")
    _equal(arrays, "output again", "wanted output")


@pytest.mark.thorough
def test_examples_on_other_backends(tmp_path: pathlib.Path) -> None:
    _, found = _examples(tmp_path, ("jax", "tensorflow"))
    for arrays in found.values():
        for backend in ("jax", "tensorflow"):
            for a, b in zip(_several(arrays, f"output on {backend}"), _several(arrays, "wanted output"), strict=True):
                np.testing.assert_allclose(a, b, **CLOSE)


def _judge(found: dict[str, Any]) -> None:
    for name, one in found.items():
        assert "error" not in one, one["error"]
        assert one["report"]["verified"] and not one["report"]["failed"], f"{name}: {one['report']['failed']}"
        assert one["report"]["quantities"] == {"forward": 1, "forward, another batch size": 1}, name
        assert one["parameters"] == one["theirs"]
        assert 1e-3 < one["largest"] < 1e6, f"{name} gives {one['largest']}: a comparison says nothing"


def test_small_applications(tmp_path: pathlib.Path) -> None:
    in_keras(tmp_path, "applications", ",".join(SMALL))
    _judge(json.loads((tmp_path / "applications.json").read_text()))


@pytest.mark.thorough
@pytest.mark.parametrize("name", (*LARGE, *NOT_ON_TORCH))
def test_application(name: str, tmp_path: pathlib.Path) -> None:
    in_keras(tmp_path, "all", name, backend="jax" if name in NOT_ON_TORCH else "torch")
    _judge(json.loads((tmp_path / "all.json").read_text()))


def test_all_applications_are_named() -> None:
    import inspect

    import keras

    known = [n for n, f in vars(keras.applications).items() if inspect.isfunction(f)]
    assert sorted(known) == sorted((*SMALL, *LARGE, *NOT_ON_TORCH))


def _model(keras: Any) -> Any:
    inputs = keras.Input((4,), name="x")
    return keras.Model(inputs, keras.layers.Dense(2, name="dense")(inputs), name="small")


def test_a_file_needs_no_keras(tmp_path: pathlib.Path) -> None:
    import keras

    theirs = _model(keras)
    theirs.save(tmp_path / "small.keras")
    script = (
        "import sys, multiback as mb; from multiback.porting.importing import from_keras\n"
        f"model = from_keras({str(tmp_path / 'small.keras')!r})\n"
        "assert 'keras' not in sys.modules and model.layers[1].name == 'dense'\n"
        "assert model.port_report.notes == ['not verified: the original cannot be run here'], model.port_report.notes\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_all_that_is_not_known_is_named_at_once(tmp_path: Path) -> None:
    import keras

    class Twice(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return 2 * x

    class Shifted(Twice):
        pass

    inputs = keras.Input((3,))
    x = Shifted(name="c")(Twice(name="b")(Twice(name="a")(inputs)))
    theirs = keras.Model(inputs, x, name="own")
    theirs.save(tmp_path / "own.keras")
    with pytest.raises(UnsupportedModel) as caught:
        from_keras(tmp_path / "own.keras")
    assert [n.rpartition(">")[2] for n in caught.value.ops] == ["Twice", "Shifted"]
    assert list(caught.value.ops.values()) == [2, 1]
    for word in ("own", "at a, b", "at c", "custom_objects", "nothing was imported"):
        assert word in str(caught.value)

    graph = from_keras(theirs)
    assert graph.port_report.passed and graph.summary_parts() is not None
    assert any("Shifted" in note and "not known here as a layer" in note for note in graph.port_report.notes)
    x = np.ones((2, 3), "float32")
    assert np.array_equal(graph.predict(x, verbose=0), 8 * x)

    class OurTwice(layers.Layer):
        def call(self, x: Any) -> Any:
            return ops.multiply(x, 2.0)

    ours = from_keras(theirs, verify="numpy", custom_objects={"Twice": OurTwice, "Shifted": OurTwice})
    assert ours.port_report.verified
    with pytest.raises(PortError, match="does not compute"):
        from_keras(theirs, verify="numpy", custom_objects={"Twice": OurTwice, "Shifted": layers.Identity})


def test_what_keras_lacks_is_named_at_once() -> None:
    class Scaled(layers.Layer):
        def call(self, x: Any) -> Any:
            return x * 3.0

    inputs = layers.Input((3,))
    model = mb.Model(inputs, ops.svdvals(layers.Reshape((3, 1))(Scaled(name="s")(inputs))), name="ours")
    with pytest.raises(UnsupportedModel) as caught:
        to_keras(model)
    assert sum(caught.value.ops.values()) == 2
    assert (
        "Scaled" in str(caught.value) and "svdvals" in str(caught.value) and 'to_source("keras")' in str(caught.value)
    )


def test_a_model_of_a_foreign_graph() -> None:
    from multiback_onnx.exporter import dump

    model = mb.Sequential([layers.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(2)], name="foreign")
    foreign = from_onnx(dump(model), verify=False)
    theirs = to_keras(foreign, verify="numpy")
    report = foreign.port_reports["keras"]
    assert report.verified and not report.failed
    assert {"forward", "forward, another batch size", "gradients"} <= {row.quantity for row in report.rows}
    assert "class " in theirs.source and "import keras" in theirs.source
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    with mb.use_backend("numpy"):
        np.testing.assert_allclose(np.asarray(theirs(x)), np.asarray(model(x)), **CLOSE)


def test_files_of_keras(tmp_path: pathlib.Path) -> None:
    import keras

    model = mb.Sequential([layers.Input((3,)), layers.Dense(2)], name="written")
    report = to_file(model, "keras", str(tmp_path / "written.keras"), verify="numpy")
    assert report.verified and not report.failed
    theirs = keras.saving.load_model(tmp_path / "written.keras")
    for a, b in zip(theirs.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ArgumentError, match=r"must end in '\.keras'"):
        to_file(model, "keras", str(tmp_path / "written.h5"))


@pytest.mark.parametrize("source", (3, [1], np.zeros(2)))
def test_other_things_than_models(source: Any) -> None:
    with pytest.raises(ArgumentError, match="takes a Keras 3 model or"):
        from_keras(source)
