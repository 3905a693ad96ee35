"""A person's own model: sound backends agree, and each planted mistake is found, named and shown again alone."""

from __future__ import annotations

import functools
import json
import pathlib
import sys
import tempfile

import numpy as np
import pytest
from alone import run_alone
from planted import PLANTABLE, loaded, planted, plants

import multiback as mb
from multiback import layers
from multiback.errors import ArgumentError
from multiback.testing import check
from multiback.testing.guilty import Guilty
from multiback.testing.model_report import ConformanceError, ModelReport

LINES: dict[str, int] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = [b for b in metafunc.config.getoption("--backend") or PLANTABLE if b in PLANTABLE]
    if "mistake" in metafunc.fixturenames:
        metafunc.parametrize("native, mistake", [(b, m) for b in chosen for m in PLANTABLE[b]])
    elif "fused" in metafunc.fixturenames:
        metafunc.parametrize("fused", [b for b in chosen if "unbiased_variance" in PLANTABLE[b]])
    elif "native" in metafunc.fixturenames:
        metafunc.parametrize("native", chosen)


def _line() -> int:
    return sys._getframe(1).f_lineno


def convolutional(compiled: bool = True) -> mb.Model:
    mb.random.set_seed(0)
    LINES["conv2d"] = _line() + 1
    convolution = layers.Conv2D(3, 3, strides=2, padding="same", activation="gelu", name="conv2d")
    LINES["batch_normalization"] = _line() + 1
    normalization = layers.BatchNormalization(name="batch_normalization")
    head = [layers.Flatten(), layers.Dense(3, name="dense")]
    model = mb.Sequential([layers.Input((6, 6, 2)), convolution, normalization, *head], name="convolutional")
    if compiled:
        model.compile("adam", mb.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def recurrent() -> mb.Model:
    mb.random.set_seed(0)
    LINES["lstm"] = _line() + 1
    model = mb.Sequential([layers.Input((4, 3)), layers.LSTM(5, name="lstm"), layers.Dense(3, name="dense")], name="r")
    model.compile("adam", mb.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


MODELS = {"swapped_gates": (recurrent, (4, 3))}
CULPRITS = {
    "gelu_tanh": ("conv2d", "forward", set()),
    "unbiased_variance": ("batch_normalization", "statistics", {"batch_normalization/moving_variance"}),
    "symmetric_padding": ("conv2d", "forward", set()),
    "swapped_gates": ("lstm", "forward", set()),
    "epsilon_inside_correction": ("adam", "weights after a step", {"conv2d/bias", "dense/bias"}),
}
"""The layer, the first quantity that must fail, and arrays that must be among those."""


def batch(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.normal(size=(4, *shape)).astype("float32"), random.integers(0, 3, 4)


@functools.cache
def found(backend: str, name: str) -> ModelReport:
    """The report on a model while one mistake is planted in one backend."""
    build, shape = MODELS.get(name, (convolutional, (6, 6, 2)))
    with planted(loaded(backend), name):
        report = check(build(), *batch(shape), backends=[backend, "numpy"])
        guilty = report.guilty.get(backend)
        if guilty is not None:
            # Written while the mistake is there: the script holds the source that ran.
            folder = pathlib.Path(tempfile.mkdtemp())
            guilty.save(folder / "guilty.npz")
            (folder / "guilty.py").write_text(guilty.reproducer(folder / "guilty.npz"))
            report.folder = folder  # type: ignore[attr-defined]
    return report


def test_sound_backend_agrees(backend: str) -> None:
    model = convolutional()
    x, y = batch((6, 6, 2))
    before = {v.path: v.numpy() for v in model.weights}
    report = check(model, x, y, backends=[backend], sample_weight=np.ones(4, "float32"))
    assert report.passed, str(report)
    assert {e.quantity for e in report.entries} >= {
        "forward", "loss", "gradients", "weights after a step", "optimizer state", "statistics", "metrics",
    }  # fmt: skip
    assert {e.name for e in report.entries if e.quantity == "gradients"} == {v.path for v in model.trainable_variables}
    assert max(e.verdict.measured for e in report.entries) > 0.0 or backend == "numpy"
    assert all(np.array_equal(v.numpy(), before[v.path]) for v in model.weights)
    assert all(v.adapter is None for v in model.weights)
    assert not np.any(model.optimizer.variables[2].numpy())


def test_uncompiled_model_compares_outputs_and_their_gradients(backend: str) -> None:
    model = convolutional(compiled=False)
    x, y = batch((6, 6, 2))
    report = check(model, x, backends=[backend])
    assert report.passed, str(report)
    assert {e.quantity for e in report.entries} == {"forward", "gradients"}
    with pytest.raises(ArgumentError, match="not compiled"):
        check(model, x, y, backends=[backend])


def test_float64_leaves_rounding_no_place_to_hide(backend: str) -> None:
    report = check(convolutional(), *batch((6, 6, 2)), backends=[backend], float64=True)
    assert report.passed, str(report)
    worst = max(e.verdict.relative_norm for e in report.entries)
    assert worst < 1e-13


def test_planted_mistake_is_found_and_named(native: str, mistake: str) -> None:
    layer, quantity, arrays = CULPRITS[mistake]
    report = found(native, mistake)
    assert not report.passed
    assert {e.backend for e in report.failed} == {native}
    assert {e.name for e in report.failed if e.quantity == quantity} >= arrays, str(report)
    assert report.failed[0].quantity == quantity
    guilty = report.guilty[native]
    assert isinstance(guilty, Guilty)
    assert guilty.op == plants(loaded(native))[mistake].op
    assert guilty.layer.split("/")[-1] == layer
    if layer in LINES:
        assert guilty.line == f"{__file__}:{LINES[layer]}"
    departed = report.departures[native]
    # Adam divides by the rounding of tiny gradients: what a whole run accumulates by then is no evidence.
    assert departed.equation.scope == guilty.layer if departed else mistake == "epsilon_inside_correction"
    for text in (guilty.op, layer, native, "FAILED"):
        assert text in str(report)
    with pytest.raises(ConformanceError, match="first guilty equation"):
        report.raise_if_failed()


def test_every_equation_is_judged_where_the_results_hide_a_mistake(fused: str) -> None:
    """A variance that is wrong by 1/143 moves a moving average by less than 16 of its roundings."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(16, 6, 6, 2)).astype("float32") * 0.01, random.integers(0, 3, 16)
    with planted(loaded(fused), "unbiased_variance"):
        assert check(convolutional(), x, y, [fused]).passed
        report = check(convolutional(), x, y, [fused], every_equation=True)
    assert not report.passed
    assert not report.failed
    guilty = report.guilty[fused]
    assert guilty is not None
    assert guilty.op == "batch_norm_train"


def test_scripts_of_planted_mistakes_run_alone(native: str) -> None:
    assert set(plants(loaded(native))) == set(PLANTABLE[native])
    scripts = [str(found(native, mistake).folder / "guilty.py") for mistake in PLANTABLE[native]]  # type: ignore[attr-defined]
    lines = run_alone(scripts)
    assert len(lines) == len(scripts)
    for line, mistake in zip(lines, PLANTABLE[native]):
        worst, largest = float(line.split()[4]), float(line.split()[6])
        assert worst > 1e-6 * largest, f"{mistake}: {line}"


def test_report_is_saved_with_scripts(tmp_path: pathlib.Path, native: str) -> None:
    report = found(native, "gelu_tanh")
    with planted(loaded(native), "gelu_tanh"):
        report.save(tmp_path)
    stored = json.loads((tmp_path / "report.json").read_text())
    assert stored["schema"] == "multiback-model-check/1"
    assert not stored["passed"]
    assert stored["backends"][native]["guilty"]["op"] == "gelu"
    assert (tmp_path / f"guilty_{native}.npz").stat().st_size > 0
    assert "multiback" not in (tmp_path / f"guilty_{native}.py").read_text()


def test_backend_that_cannot_run_the_model_is_reported(native: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("no kernel for this shape")

    monkeypatch.setitem(loaded(native).lower, "conv", refuse)  # type: ignore[arg-type]
    report = check(convolutional(compiled=False), batch((6, 6, 2))[0], backends=["numpy", native])
    assert not report.passed
    assert "no kernel for this shape" in report.errors[native]
    assert not report.failed
    assert f"{native} could not run the model" in str(report)
