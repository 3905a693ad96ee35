"""PyTorch source: every op, whole files that need only torch, formatted as ruff formats."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from printed_torch import built, printed

import multiback as mb
from multiback import dtypes, layers, ops, tree
from multiback.errors import ArgumentError
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.graph.op import OPS, Op
from multiback.graph.trace import trace
from multiback.ops._cases import Case
from multiback.porting.source import write, write_graph, write_source
from multiback.testing.chapters.ops import _values
from multiback.testing.model_graphs import model_names
from multiback.testing.op_graphs import SIZES, case_graph
from multiback_torch.exporter import TARGET

DRAWS = ("random_bits", "uniform", "bernoulli", "normal", "dropout")
"""Ops whose source draws torch's own random numbers."""
DEVIATIONS = {("gelu", "infinities, exact")}
"""Declared in the adapter's deviations.toml, as is the arithmetic of uint64 beyond int64."""


def _expected(op: Op) -> list[Case]:
    return [c for c in op.cases if (op.name, c.label) not in DEVIATIONS and "beyond int64" not in c.label]


@pytest.mark.parametrize("family", sorted({op.module.rpartition(".")[2] for op in OPS.values()}))
def test_every_op_is_written(family: str) -> None:
    adapter = printed()
    failed = []
    for op in [o for o in OPS.values() if o.module.rpartition(".")[2] == family and o.name not in DRAWS]:
        for case in _expected(op):
            dtype = case.dtypes[0]
            graph = case_graph(op, case, dtype)
            if any(e.op.name == "value_and_grad" for e in graph.walk()):
                continue
            for row in _values(op, case, dtype, adapter, SIZES[0], adapter.compile(graph)):
                if not row.verdict.passed:
                    failed.append(f"{op.name} {case.label}: {row.verdict.text}")
    assert not failed


@pytest.mark.parametrize("name", DRAWS)
def test_draws_are_those_of_torch(name: str) -> None:
    draw = {
        "random_bits": lambda x, key: ops.random_bits(key, (200, 5)),
        "uniform": lambda x, key: ops.uniform(key, (200, 5), 2.0, 3.0),
        "bernoulli": lambda x, key: ops.bernoulli(key, (200, 5), 0.25),
        "normal": lambda x, key: ops.normal(key, (200, 5), 1.0, 2.0),
        "dropout": lambda x, key: ops.dropout(x, key, 0.25),
    }[name]
    specs = Spec((Dim.named("batch"), 5), dtypes.float32), Spec((2,), dtypes.int32)
    graph = trace(draw, *specs, name=name).graph
    import torch

    torch.manual_seed(0)
    (found,) = printed().compile(graph)(np.ones((200, 5), np.float32), np.zeros(2, np.int32))
    assert found.shape == (200, 5)
    low, high, mean, spread = {
        "random_bits": (-(2**31), 2**31 - 1, 0.0, 2**32 / np.sqrt(12)),
        "uniform": (2, 3, 2.5, np.sqrt(1 / 12)),
        "bernoulli": (0, 1, 0.25, np.sqrt(3 / 16)),
        "normal": (-np.inf, np.inf, 1.0, 2.0),
        "dropout": (0, 4 / 3, 1.0, np.sqrt(1 / 3)),
    }[name]
    x = found.numpy().astype(np.float64)
    assert x.min() >= low and x.max() <= high * (1 + 1e-6)
    # Five standard errors of 1,000 draws.
    assert abs(x.mean() - mean) < 5 * spread / np.sqrt(1000)
    assert x.std() > 0.8 * spread


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of every model of the suite, with its weights, a batch and what the model makes of it."""
    folder = tmp_path_factory.mktemp("written")
    for name in model_names():
        model, x = built(name)
        write_source(model, TARGET, folder / f"{name}.py")
        with mb.use_backend("numpy"):
            outputs = [np.asarray(y) for y in tree.leaves(model(x))]
        arrays = {f"x{i}": a for i, a in enumerate(tree.leaves(x))}
        np.savez(folder / f"{name}.npz", **arrays, **{f"y{i}": a for i, a in enumerate(outputs)})
    return folder


ALONE = """
import importlib, sys
import numpy as np, torch
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("multiback", "multiback_torch", "safetensors"):
            raise ImportError(name)
sys.meta_path.insert(0, Refused())
for name in sys.argv[1:]:
    written = importlib.import_module(name)
    given = np.load(f"{name}.npz")
    model = written.load(f"{name}.safetensors").eval()
    with torch.no_grad():
        got = model(*(torch.from_numpy(given[k]) for k in given if k.startswith("x")))
    want = [given[k] for k in given if k.startswith("y")]
    for g, w in zip(got if isinstance(got, tuple) else (got,), want, strict=True):
        assert g.shape == w.shape
        # The reference is in float64 arithmetic of float32 weights: sums of at most some hundred terms.
        assert np.abs(g.numpy() - w).max() <= 512 * 2.0**-24 * np.abs(w).max(), name
assert not any(m.partition(".")[0] == "multiback" for m in sys.modules)
print("done")
"""


def test_files_stand_alone(folder: Path) -> None:
    command = [sys.executable, "-c", ALONE, *model_names()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "done", done.stderr


def test_files_are_formatted(folder: Path) -> None:
    for arguments in (["format", "--check"], ["check", "--select", "E,F,W,I,B,UP", "--ignore", "B905"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--isolated", "--line-length", "120", "--no-cache", "."]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stdout


def test_modules_are_those_of_torch() -> None:
    text = write(built("resnet")[0], TARGET).text
    assert "self.conv2d = nn.Conv2d(2, 4, 3, padding=1)" in text
    assert "self.dense = nn.Linear(6, 3)" in text
    # Axes move where images come in, and nowhere else.
    assert text.count("permute") == 1


def test_repeated_blocks_are_written_once() -> None:
    class Twice(layers.Layer):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.first, self.second = layers.Dense(units, "relu"), layers.Dense(units)

        def call(self, x: Any) -> Any:
            return self.second(self.first(x)) + self.first(x)

    inputs = layers.Input((6,))
    x = inputs
    for units in (6, 9, 9):
        x = Twice(units)(x)
    text = write(mb.Model(inputs, x), TARGET).text
    classes = [n for n in ast.parse(text).body if isinstance(n, ast.ClassDef)]
    assert [c.name for c in classes] == ["Twice", "Model"]
    assert "Twice(6, 9)" in text and "nn.Linear(in_features, out_features)" in text


def test_sizes_are_read_where_they_are_needed() -> None:
    batch, time = Dim.named("batch"), Dim.named("time")
    graph = trace(
        lambda x: ops.reshape(x, (x.shape[0] * x.shape[1], 4)) * ops.cast(x.shape[1], "float32"),
        Spec((batch, time, 4), dtypes.float32),
        name="sized",
    ).graph
    source = write_graph(graph, TARGET)
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    (got,) = printed().compile(graph)(x)
    assert np.array_equal(got.numpy(), x.reshape(6, 4) * 3)
    assert "time = x.shape[1]" in source.text


def test_names_of_files() -> None:
    model, _ = built("mlp")
    with pytest.raises(ArgumentError, match=r"ends in '\.py'"):
        write_source(model, TARGET, "model.txt")
