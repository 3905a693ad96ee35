"""Profiles of models on each backend: what they hold, what they leave alone, and their files."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers
from multiback.cli import main
from multiback.errors import ArgumentError, NotCompiledError
from multiback.profiling import Profile

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(8, 6, 6, 2)).astype("float32"), np.arange(8) % 3


def network(backend: str, name: str = "net") -> mb.Model:
    mb.random.set_seed(3)
    inner = mb.Sequential([layers.Dropout(0.5, name="drop"), layers.Dense(3, name="out")], name="head")
    model = mb.Sequential(
        [
            mb.Input((6, 6, 2)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Flatten(name="flat"),
            inner,
        ],
        name=name,
    )
    loss = mb.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(mb.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"], backend=backend)
    return model


def state_of(model: mb.Model) -> dict[str, np.ndarray]:
    return {f"{i} {v.path}": v.numpy() for i, v in enumerate(model._state())}


def test_a_training_step(backend: str) -> None:
    model = network(backend)
    model.train_on_batch(X, Y)
    before = state_of(model)
    found = model.profile(X, Y, batch_size=6, steps=2)
    after = state_of(model)
    assert before.keys() == after.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(value, after[name], err_msg=name)

    assert (found.step, found.batch_size, found.rounds) == ("train_step", 6, 2)
    assert {row.phase for row in found.rows} == {"forward", "backward", "update"}
    assert {"net/conv", "net/norm", "net/head/drop", "net/head/out", "sgd"} <= {row.scope for row in found.rows}
    assert all(row.seconds >= 0 and row.overhead > 0 for row in found.rows)
    assert found.wall > 0 and found.cpu > 0 and found.gemm > 0
    assert found.parts == pytest.approx(sum(row.seconds for row in found.rows))

    conv = 2 * (6 * 4 * 4 * 4) * 9 * 2
    of_conv = [row for row in found.costs.within("net/conv") if row.op == "conv"]
    assert [(row.phase, row.flops) for row in of_conv] == [("forward", conv + 6 * 64), ("backward", conv)]
    assert found.costs.parameters == model.count_params() - 8
    tree = found.layers
    assert tree.flops == found.costs.flops
    assert tree.seconds == pytest.approx(found.parts)
    assert sum(node.count for node, _, _ in tree.walk() if node.is_op) == len(found.rows)
    for node, _, _ in tree.walk():
        assert node.is_op or node.seconds == pytest.approx(sum(child.seconds for child in node.children))


def test_training_goes_on_as_if_there_had_been_no_profile(backend: str) -> None:
    x, y = X[:, 0, 0], X[:, 0, 1]
    weights = []
    for profiles in (False, True):
        mb.random.set_seed(3)
        model = mb.Sequential([mb.Input((2,)), layers.Dense(2, name="out")])
        model.compile(mb.optimizers.SGD(0.1, momentum=0.9), "mse", metrics=["mae"], backend=backend)
        model.train_on_batch(x, y)
        if profiles:
            model.profile(x, y, steps=1)
            model.profile(x, steps=1)
        model.train_on_batch(x, y)
        weights.append(model.get_weights())
    for a, b in zip(*weights):
        np.testing.assert_array_equal(a, b)


def test_a_prediction_of_a_recurrent_model(backend: str) -> None:
    model = mb.Sequential([mb.Input((5,)), layers.Embedding(9, 3, name="words"), layers.LSTM(4, name="lstm")])
    model._backend = backend
    found = model.profile(np.zeros((4, 5), "int32"), steps=1, clock="cpu")
    assert (found.step, found.clock, found.whole) == ("predict_step", "cpu", found.cpu)
    assert {row.phase for row in found.rows} == {"forward"}
    lstm = next(row for row in found.costs.rows if row.op == "lstm")
    assert lstm.flops == 5 * 4 * (2 * 3 * 16 + 2 * 4 * 16 + 2 * 16 + 4 * 21)
    assert found.costs.flops == model.flops(batch_size=4)


def test_training_a_recurrent_model(backend: str) -> None:
    model = mb.Sequential([mb.Input((5, 3)), layers.LSTM(4, name="lstm")], name="rnn")
    model.compile("sgd", "mse", backend=backend)
    found = model.profile(np.ones((4, 5, 3), "float32"), np.ones((4, 4), "float32"), steps=1)
    phases = {row.phase for row in found.rows if row.scope == "rnn/lstm"}
    assert {"forward", "backward"} <= phases


class Page(HTMLParser):
    """What a page asks for from elsewhere, and its tags in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.boxes: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        found = dict(attrs)
        self.links += [found[k] for k in ("src", "href", "action") if k in found]
        if "box" in found.get("class", "").split():
            self.boxes.append(found)
        if tag not in ("meta", "br", "rect", "link", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect",):
            assert self.open.pop() == tag


def test_the_files_of_a_profile(tmp_path: Path) -> None:
    found = network("numpy").profile(X, Y, steps=1)
    found.html(tmp_path / "p.html")
    found.json(tmp_path / "p.json")
    text = (tmp_path / "p.html").read_text("utf-8")
    page = Page()
    page.feed(text)
    assert page.open == [] and page.links == []
    assert not re.search(r"https?:|@import|url\(", text)
    assert page.boxes[0]["width"] == "100.0000%"
    assert all(0 <= float(b["data-x"]) <= 1.000001 - float(b["data-w"]) for b in page.boxes)
    assert any(b["aria-label"].startswith("net/conv: ") for b in page.boxes)
    assert len(text) < 300_000

    data = json.loads((tmp_path / "p.json").read_text("utf-8"))
    assert data["flops"] == found.costs.flops == sum(data["flops_by_phase"].values())
    assert len(data["rows"]) == len(found.rows)
    assert data["parts"] == pytest.approx(sum(row["seconds"] for row in data["rows"]))


def test_the_table() -> None:
    text = str(network("numpy").profile(X, Y, steps=1))
    assert text.startswith("net: train_step of 8 samples, numpy ")
    for word in ("conv", "Backward", "FLOP/s", "Whole step:", "Equations alone:", "Memory:"):
        assert word in text
    assert max(map(len, text.splitlines())) <= 110


def test_what_cannot_be_measured() -> None:
    model = mb.Sequential([mb.Input((3,)), layers.Dense(2)])
    x = np.zeros((4, 3), "float32")
    with pytest.raises(NotCompiledError):
        model.profile(x, x, training=True)
    with pytest.raises(ArgumentError, match="steps"):
        model.profile(x, steps=0)
    with pytest.raises(ArgumentError, match="clock"):
        model.profile(x, clock="sun")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, data, page = (str(tmp_path / name) for name in ("net.keras", "batch.npz", "out.html"))
    network("numpy").save(file)
    np.savez(data, x=X, y=Y)
    few = ["--backend", "numpy", "--steps", "1", "--batch-size", "4"]
    assert main(["profile", file, "--data", data, "--train", "--json", "--html", page, *few]) == 0
    assert json.loads(capsys.readouterr().out)["step"] == "train_step"
    assert Path(page).read_text("utf-8").startswith("<!doctype html>")
    assert main(["profile", file, *few]) == 0
    assert "predict_step of 4 samples" in capsys.readouterr().out
    assert main(["profile", file, "--train"]) == 2
    assert "--data" in capsys.readouterr().err


def test_a_profile_is_public() -> None:
    assert isinstance(network("numpy").profile(X, steps=1), Profile)
