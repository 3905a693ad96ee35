"""`multiback port` and `multiback inspect` on files, as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import multiback as mb
from multiback import layers
from multiback.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model in a .keras file, and its configuration alone."""
    mb.random.set_seed(0)
    path = tmp_path_factory.mktemp("files")
    model = mb.Sequential(
        [
            layers.Input((6, 6, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Flatten(),
            layers.Dense(5, activation="softmax", name="head"),
        ],
        name="small",
    )
    model.save(path / "small.keras")
    (path / "small.json").write_text(model.to_json())
    return path


@pytest.mark.parametrize(
    ("target", "name"),
    [("onnx", "small.onnx"), ("torch", "small.pt2"), ("tensorflow", "exported"), ("keras", "again.keras")],
)
def test_a_file_is_ported_and_the_result_can_be_read_again(folder: Path, target: str, name: str) -> None:
    out, report = folder / name, folder / f"{target}.json"
    assert main(["port", str(folder / "small.keras"), "--to", target, str(out), "--report", str(report)]) == 0
    assert out.exists()
    x = np.random.default_rng(0).normal(size=(3, 6, 6, 3)).astype("float32")
    want = mb.saving.load_model(folder / "small.keras").predict(x, verbose=0)
    again = {"onnx": mb.from_onnx, "torch": mb.from_torch, "tensorflow": mb.from_tensorflow, "keras": mb.from_keras}
    found = again[target](str(out), verify=False).predict(x, verbose=0)
    np.testing.assert_allclose(mb.tree.leaves(found)[0], want, rtol=1e-5, atol=1e-6)
    found = json.loads(report.with_stem(f"{target}-out").read_text())
    assert found["passed"] and found["target"] == target


def test_a_foreign_graph_does_not_fit_a_keras_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mb.saving.load_model(folder / "small.keras").to_onnx(folder / "graph.onnx", verify=False)
    assert main(["port", str(folder / "graph.onnx"), "--to", "keras", str(folder / "graph.keras"), "--no-verify"]) == 2
    assert "a .keras file holds only layers" in capsys.readouterr().err
    assert not (folder / "graph.keras").exists()


@pytest.mark.parametrize("framework", ["torch", "jax", "tensorflow", "keras", "numpy"])
def test_source_is_written_with_its_weights(folder: Path, framework: str) -> None:
    out = folder / f"{framework}_source.py"
    arguments = ["port", str(folder / "small.keras"), "--to", "source", "--framework", framework, str(out)]
    assert main(arguments) == 0
    assert "multiback" not in out.read_text() and out.with_suffix(".safetensors").exists()


def test_a_checkpoint_and_a_spec_are_a_model(folder: Path) -> None:
    model = mb.saving.load_model(folder / "small.keras")
    arrays = {f"{v.path.replace('/', '.')}": v.numpy() for v in model.weights}
    save_file(arrays, folder / "small.safetensors")
    out = folder / "from_arrays.onnx"
    arguments = [
        "port",
        str(folder / "small.safetensors"),
        "--spec",
        str(folder / "small.json"),
        "--to",
        "onnx",
        str(out),
    ]
    assert main(arguments) == 0 and out.exists()


def test_inspect_shows_what_is_in_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(folder / "small.keras"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["inputs"] and found["weights"]["numbers"] == 3 * 3 * 3 * 4 + 4 + 4 * 4 + 64 * 5 + 5
    assert found["ops"]["conv"] == 1 and set(found["unsupported"]) >= {"torch", "jax", "tensorflow", "onnx", "keras"}
    assert not any(found["unsupported"].values())
    assert main(["inspect", str(folder / "small.keras"), "--graph"]) == 0
    assert "conv/kernel" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["port", "nowhere.onnx", "--to", "torch", "x.pt2"], "There is no file or folder 'nowhere.onnx'"),
        (["port", "{small}", "--to", "source", "x.py"], "--to source needs --framework"),
        (["port", "{small}", "--to", "torch", "x.txt"], "x.txt"),
        (["port", "{readme}", "--to", "torch", "x.pt2"], "is none of"),
        (["port", "{arrays}", "--to", "onnx", "x.onnx"], "--spec model.json"),
    ],
)
def test_a_mistake_is_one_line(
    folder: Path, arguments: list[str], text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "readme.md").write_text("x")
    save_file({"a": np.zeros(1, "float32")}, folder / "arrays.safetensors")
    known = {"small": "small.keras", "readme": "readme.md", "arrays": "arrays.safetensors"}
    assert main([a.format(**known) for a in arguments]) == 2
    assert text in capsys.readouterr().err
    assert not list(folder.glob("x.*"))
