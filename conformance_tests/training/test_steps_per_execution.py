"""Several batches in one execution: the same numbers, hooks as Keras calls them."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import callbacks, layers
from multiback.backends.tuning import tuning_policy
from multiback.errors import ArgumentError, NonFiniteError
from multiback.training.data import Batch, make_feed
from multiback.training.pace import quickest, remember

SAMPLES, BATCH = 86, 8
"""Ten full batches and one of six."""


def _data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((SAMPLES, 6)).astype("float32")
    return x, (x[:, 0] > 0).astype("int32"), rng.uniform(0.5, 1.5, SAMPLES).astype("float32")


def _model(backend: str, steps: Any, **arguments: Any) -> Any:
    mb.random.set_seed(5)
    model = mb.Sequential([layers.Input((6,)), layers.Dense(8, "relu"), layers.Dropout(0.2), layers.Dense(2)])
    loss = mb.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = mb.optimizers.Adam(0.01)
    model.compile(
        optimizer, loss, weighted_metrics=["accuracy"], backend=backend, steps_per_execution=steps, **arguments
    )
    return model


class Hooks(callbacks.Callback):
    """Writes down which hooks were called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, int]] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.calls.append(("begin", batch))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.calls.append(("end", batch))
        assert np.isfinite(logs["loss"])

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        self.calls.append(("predicted", len(logs["outputs"])))


def _fit(model: Any, shuffle: Any = True, epochs: int = 3, **arguments: Any) -> Any:
    x, y, weights = _data()
    return model.fit(
        x, y, sample_weight=weights, batch_size=BATCH, epochs=epochs, shuffle=shuffle, verbose=0,
        validation_data=(x[:40], y[:40]), **arguments,
    )  # fmt: skip


def _assert_same(model: Any, history: Any, other: Any, expected: Any) -> None:
    for name, values in expected.history.items():
        np.testing.assert_allclose(history.history[name], values, rtol=1e-5, atol=1e-6, err_msg=name)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert int(model.optimizer.iterations) == int(other.optimizer.iterations)


def test_several_steps_give_the_numbers_of_single_ones(backend: str) -> None:
    one, many = _model(backend, 1), _model(backend, 4)
    _assert_same(many, _fit(many), one, _fit(one))
    x, y, weights = _data()
    for a, b in zip(many.evaluate(x, y, BATCH, 0, weights), one.evaluate(x, y, BATCH, 0, weights), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    hooks = Hooks()
    np.testing.assert_allclose(
        many.predict(x, BATCH, 0, callbacks=[hooks]), one.predict(x, BATCH, 0), rtol=1e-4, atol=1e-5
    )
    assert hooks.calls == [("predicted", 4 * BATCH)] * 2 + [("predicted", BATCH)] * 2 + [("predicted", 6)]


def test_hooks_are_called_once_for_each_execution() -> None:
    hooks = Hooks()
    _fit(_model("numpy", 4), epochs=1, callbacks=hooks)
    single = [(name, number) for number in (8, 9, 10) for name in ("begin", "end")]
    assert hooks.calls == [("begin", 0), ("end", 3), ("begin", 4), ("end", 7), *single]


@pytest.mark.parametrize("shuffle", [True, False, "batch"])
def test_a_group_holds_the_batches_one_by_one(shuffle: Any) -> None:
    def rows(steps: int) -> list[np.ndarray]:
        feed = make_feed(
            np.arange(SAMPLES), batch_size=BATCH, shuffle=shuffle,
            permutation=lambda n, epoch: np.random.default_rng(epoch).permutation(n),
        )  # fmt: skip
        groups = list(feed.groups(1, lambda: steps))
        assert [number for number, _ in groups] == list(np.cumsum([0, *(g.steps for _, g in groups)])[:-1])
        assert max(g.steps for _, g in groups) == steps
        return [batch.x for _, group in groups for batch in group.single()]

    for a, b in zip(rows(4), rows(1), strict=True):
        np.testing.assert_array_equal(a, b)


def test_batches_of_a_generator_are_joined_where_they_are_alike() -> None:
    x, y, _ = _data()
    cuts = [0, 8, 16, 24, 29, 37, 45, 53, 61]
    batches = [(x[a:b], y[a:b]) for a, b in itertools.pairwise(cuts)]
    hooks, one, many = Hooks(), _model("numpy", 1), _model("numpy", 3)
    expected = one.fit(iter(batches), steps_per_epoch=8, verbose=0)
    _assert_same(many, many.fit(iter(batches), steps_per_epoch=8, verbose=0, callbacks=[hooks]), one, expected)
    assert [n for name, n in hooks.calls if name == "end"] == [2, 3, 6, 7]


def test_a_run_goes_on_where_it_stopped_and_stops_early(backend: str) -> None:
    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch >= 4

    whole, parts = _model(backend, 4), _model(backend, 4)
    _fit(whole)
    _fit(parts, epochs=1)
    _fit(parts, initial_epoch=1)
    for a, b in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    before = int(parts.optimizer.iterations)
    _fit(parts, callbacks=[Stop()])
    assert int(parts.optimizer.iterations) == before + 8


def test_auto_keeps_to_single_steps_where_a_callback_sees_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiback.training.steps.quickest", lambda program: 4)
    hooks = Hooks()
    _fit(_model("numpy", "auto"), epochs=2, callbacks=[hooks])
    assert [n for name, n in hooks.calls if name == "end"] == list(range(11)) * 2


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of tuning that are empty at first."""
    monkeypatch.setenv("MULTIBACK_CACHE", str(tmp_path))
    monkeypatch.setenv("MULTIBACK_TUNING", "recorded")


def test_auto_is_what_was_measured_to_be_the_quickest(backend: str, records: None) -> None:
    x, y, weights = _data()
    one, untuned = _model(backend, 1), _model(backend, "auto")
    expected = _fit(one)
    _fit(untuned, epochs=1)
    batch = Batch(x[:BATCH], y[:BATCH], weights[:BATCH])
    step = untuned._steps["train_step"]
    assert step.together(batch) == 1
    remember(step.program(batch), {1: 1.0, 4: 0.5, 16: 0.6})
    auto = _model(backend, "auto")
    _assert_same(auto, _fit(auto), one, expected)
    assert auto._steps["train_step"].together(batch) == 4
    program = auto._steps["train_step"].program(batch)
    with tuning_policy("off"):
        assert quickest(program) == 1
    remember(program, {1: 1.0, 4: 0.99})
    assert quickest(program) == 1


def test_tune_measures_several_steps_in_one_call(backend: str, records: None) -> None:
    x, y, _ = _data()
    model = _model(backend, "auto")
    found = model.tune(x, y, batch_size=BATCH)
    assert {row.step for row in found.rows if row.way.endswith(" x 4")} == {"train_step", "test_step"}


def test_a_bad_step_is_the_last_one(backend: str) -> None:
    x, y, _ = _data()
    x = x.copy()
    x[20] = np.inf
    model = _model(backend, 4, on_nonfinite="raise")
    with pytest.raises(NonFiniteError):
        model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == 2
    assert all(np.isfinite(w).all() for w in model.get_weights())


@pytest.mark.parametrize("steps", [0, -1, 1.5, True, "many"])
def test_other_numbers_are_refused(steps: Any) -> None:
    with pytest.raises(ArgumentError, match="steps_per_execution"):
        _model("numpy", steps)


def test_auto_is_left_out_of_files_that_keras_reads() -> None:
    assert "steps_per_execution" not in _model("numpy", "auto").get_compile_config()
    assert _model("numpy", 3).get_compile_config()["steps_per_execution"] == 3
