"""What is chosen by measuring: the quickest way is taken, remembered, and never changes a result or a state."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers, ops
from multiback.backends import registry, tuning, tuning_records
from multiback.backends.compile import Compiled
from multiback.backends.protocol import Fast, Options
from multiback.cli import main
from multiback.errors import ArgumentError

RNG = np.random.default_rng(0)
X = RNG.standard_normal((48, 6)).astype("float32")
Y = RNG.integers(0, 3, 48).astype("int32")


def slow(x: np.ndarray) -> np.ndarray:
    time.sleep(0.003)
    return np.exp(x)


def quick(x: np.ndarray) -> np.ndarray:
    return np.exp(x)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tuning as it is by default, with records of its own."""
    monkeypatch.setenv("MULTIBACK_CACHE", str(tmp_path))
    monkeypatch.setenv("MULTIBACK_TUNING", "measure")
    return tmp_path


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The reference with a slow and a quick rival of `exp`."""
    found = registry.get_adapter("numpy")
    rivals = {"exp": {"quick": Fast(quick), "slow": Fast(slow), "never": Fast(slow, when=lambda equation: False)}}
    monkeypatch.setattr(found, "rivals", rivals, raising=False)
    monkeypatch.setattr(found, "measures", True, raising=False)
    return found


def compiled(adapter: Any, sizes: tuple[tuple[str, int], ...] = ()) -> Any:
    function = Compiled(lambda x: ops.exp(x) * 2, "f", Options(sizes=sizes))
    function(X, adapter=adapter)
    return next(iter(function._programs.values())).executable


class TestRivals:
    def test_the_quickest_is_taken_and_remembered(
        self, adapter: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(adapter, "lower", {**adapter.lower, "exp": slow}, raising=False)
        assert list(compiled(adapter).variants.values()) == ["quick"]
        (file,) = cache.glob("tuning-numpy-*.json")
        ((key, seconds),) = json.loads(file.read_text())["entries"].items()
        assert key.startswith("exp(f32[48, 6])")
        assert set(seconds) == {"usual", "quick", "slow"}
        monkeypatch.setattr(tuning, "race", lambda *_: pytest.fail("measured twice"))
        assert list(compiled(adapter).variants.values()) == ["quick"]

    def test_the_usual_way_stays_unless_another_is_clearly_quicker(self, adapter: Any, cache: Path) -> None:
        records = tuning_records.of(adapter)
        key = "exp(f32[48, 6]) "
        records.put(key, {"usual": 1.00, "quick": 0.97, "slow": 2.0})
        assert not compiled(adapter).variants
        records.put(key, {"usual": 1.00, "quick": 0.90, "slow": 2.0})
        assert list(compiled(adapter).variants.values()) == ["quick"]

    def test_policies(self, adapter: Any, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(adapter, "lower", {**adapter.lower, "exp": slow}, raising=False)
        with tuning.tuning_policy("recorded"):
            assert not compiled(adapter).variants
        assert not list(cache.iterdir())
        assert compiled(adapter).variants
        with tuning.tuning_policy("off"):
            assert not compiled(adapter).variants
        with tuning.tuning_policy("recorded"):
            assert compiled(adapter).variants
        often = tuning.tuning_policy("often")
        with pytest.raises(ArgumentError, match="must be one of measure, recorded, off, got 'often'"):
            often.__enter__()

    def test_a_forced_way_is_not_measured(self, adapter: Any, cache: Path) -> None:
        function = Compiled(lambda x: ops.exp(x), "f", Options(variants=(("exp", "slow"),)))
        np.testing.assert_array_equal(function(X, adapter=adapter), np.exp(X))
        assert list(next(iter(function._programs.values())).executable.variants.values()) == ["slow"]
        assert not list(cache.iterdir())

    def test_open_sizes_take_the_usual_way(self, adapter: Any, cache: Path) -> None:
        empty = Compiled(lambda x: ops.exp(x), "f")
        empty(X[:0], adapter=adapter)
        assert not next(iter(empty._programs.values())).executable.variants

    @pytest.mark.parametrize("text", ["", "{", '{"format": "other"}', '{"format": "multiback-tuning/1", "entries": 3}'])
    def test_records_that_cannot_be_read_are_made_again(self, adapter: Any, cache: Path, text: str) -> None:
        records = tuning_records.of(adapter)
        assert records.path is not None
        records.path.write_text(text)
        records.put("a", {"usual": 1.0})
        assert json.loads(records.path.read_text())["entries"] == {"a": {"usual": 1.0}}


def model(backend: str) -> Any:
    mb.random.set_seed(0)
    made = mb.Sequential([layers.Input((6,)), layers.Dense(8, "relu"), layers.Dropout(0.3), layers.Dense(3)])
    made.compile(
        "adam", mb.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"], backend=backend
    )
    return made


def test_tuning_changes_no_state(backend: str, cache: Path) -> None:
    tuned, plain = model(backend), model(backend)
    tuned.fit(X, Y, verbose=0)
    plain.fit(X, Y, verbose=0)
    tuning_of = tuned.tune(X, Y, batch_size=16)
    steps = ("train_step", "test_step", "predict_step")
    assert {(row.step, row.backend) for row in tuning_of.rows} == {(step, backend) for step in steps}
    assert tuning_of.fastest().seconds > 0
    assert "train_step" in str(tuning_of)
    for a, b in zip(tuned._state(), plain._state(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)


def test_a_step_is_timed_until_what_it_changes_is_there(
    backend: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, waited = model(backend), []
    adapter = registry.get_adapter(backend)
    monkeypatch.setattr(adapter, "synchronize", lambda arrays: waited.append(len(arrays)), raising=False)
    ends: list[int] = []

    def race(ways: dict[str, Any], *_: Any) -> dict[str, float]:
        for run in ways.values():
            waited.clear()
            run()
            ends.append(sum(waited))
        return dict.fromkeys(ways, 1e-3)

    monkeypatch.setattr(tuning, "race", race)
    made.tune(X, Y, batch_size=16)
    assert ends
    assert all(ends)


def test_whole_steps_are_remembered(backend: str, cache: Path) -> None:
    made = model(backend)
    found = made.tune(X, Y, batch_size=16)
    adapter = registry.get_adapter(backend)
    steps = {k: v for k, v in tuning_records.of(adapter).items().items() if k.startswith("step ")}
    choices = [tuning.JIT_WAYS[jit] for jit in adapter.jit_choices]
    assert len(steps) == (3 if len(choices) > 1 else 0)
    for seconds in steps.values():
        assert set(seconds) == set(choices)
    assert {row.way.partition(" ")[0] for row in found.rows} == set(choices or ["usual"])


def test_auto_remembers_its_choice(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = model("auto")
    first.tune(X, Y, batch_size=16)
    for _ in range(2):
        again = model("auto")
        again.fit(X, Y, batch_size=16, verbose=0)
        assert f"backend='auto': {again.backend} (a step took" in capsys.readouterr().out


def test_auto_loads_only_the_backend_it_remembers(cache: Path) -> None:
    code = f"""
import sys
import numpy as np
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_tuning import X, Y, model
import multiback as mb
made = model("auto")
made.fit(X, Y, batch_size=16, verbose=0)
loaded = [n for n in ("torch", "jax", "tensorflow") if n in sys.modules]
print(made.backend, loaded)
"""
    model("auto").tune(X, Y, batch_size=16)
    (file,) = cache.glob("tuning-backends-*.json")
    document = json.loads(file.read_text())
    for seconds in document["entries"].values():
        seconds.update(torch=1.0, jax=2.0, tensorflow=3.0)
    file.write_text(json.dumps(document))
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "torch ['torch']"


def test_the_command(cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model("numpy").save(tmp_path / "m.keras")
    np.savez(tmp_path / "data.npz", x=X, y=Y)
    file, data = str(tmp_path / "m.keras"), str(tmp_path / "data.npz")
    assert main(["tune", file, "--data", data, "--backend", "numpy", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["step"] for row in found["steps"]} == {"train_step", "test_step", "predict_step"}
    assert main(["tune", file, "--batch-size", "4", "--backend", "torch", "--backend", "numpy"]) == 0
    assert "One step on a batch of 4" in capsys.readouterr().out
    assert main(["tune", "--show"]) == 0
    assert main(["tune", "--forget"]) == 0
    assert main(["tune"]) == 2
    assert "needs a .keras file, --show or --forget" in capsys.readouterr().err
