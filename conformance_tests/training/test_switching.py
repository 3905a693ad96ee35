"""Choosing a backend, moving between backends in mid-training, and several at once."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers
from multiback.errors import BackendUnavailable

BACKENDS = ("numpy", "torch", "jax", "tensorflow")
X = np.random.default_rng(0).normal(size=(32, 6, 6, 1))
Y = np.arange(32) % 3


def build(backend: str | None, optimizer: str = "adam", dtype: str = "float64") -> mb.Model:
    mb.random.set_seed(7)
    kwargs = {"dtype": dtype}
    model = mb.Sequential(
        [
            layers.Input((6, 6, 1), dtype=dtype),
            layers.Conv2D(4, 3, **kwargs),
            layers.BatchNormalization(**kwargs),
            layers.ReLU(**kwargs),
            layers.Flatten(**kwargs),
            layers.Dropout(0.5, **kwargs),
            layers.Dense(3, **kwargs),
        ],
        name="net",
    )
    loss = mb.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"], backend=backend)
    return model


def fitted(backend: str, epochs: int = 4) -> mb.Model:
    model = build(backend)
    model.fit(X, Y, batch_size=8, epochs=epochs, verbose=0)
    return model


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(BACKENDS, 2)))
def test_a_run_goes_on_elsewhere(first: str, second: str) -> None:
    stay, move = build(first), build(first)
    history = stay.fit(X, Y, batch_size=8, epochs=4, verbose=0).history
    move.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    assert move.backend == first
    assert move.to(second) is move
    assert move.backend == second
    later = move.fit(X, Y, batch_size=8, epochs=4, initial_epoch=2, verbose=0).history
    for a, b in zip(stay.get_weights(), move.get_weights()):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * max(1.0, np.abs(a).max()))
    np.testing.assert_allclose(history["loss"][2:], later["loss"], rtol=1e-6)  # metrics count in float32
    np.testing.assert_array_equal(history["accuracy"][2:], later["accuracy"])
    assert int(move.optimizer.iterations.numpy()) == 16
    for a, b in zip(stay.optimizer.variables, move.optimizer.variables):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-12)


def test_moving_in_the_middle_of_an_epoch(backend: str) -> None:
    other = "numpy" if backend != "numpy" else "torch"
    stay, move = build(backend), build(backend)
    for i in range(0, 32, 8):
        stay.train_on_batch(X[i : i + 8], Y[i : i + 8])
        move.train_on_batch(X[i : i + 8], Y[i : i + 8])
        move.to(other if move.backend == backend else backend)
    for a, b in zip(stay.get_weights(), move.get_weights()):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * max(1.0, np.abs(a).max()))


def test_same_seed_same_bits() -> None:
    weights = [build(b).get_weights() for b in BACKENDS]
    for other in weights[1:]:
        for a, b in zip(weights[0], other):
            np.testing.assert_array_equal(a, b)


def test_dropout_masks_are_the_same_bits() -> None:
    masks = []
    for backend in BACKENDS:
        mb.random.set_seed(3)
        layer = layers.Dropout(0.4, name="drop")
        with mb.use_backend(backend):
            calls = [np.asarray(layer(np.ones((5, 7), "float32"), training=True)) for _ in range(3)]
        masks.append(np.stack(calls))
    assert not np.array_equal(masks[0][0], masks[0][1])
    for other in masks[1:]:
        np.testing.assert_array_equal(masks[0], other)


class TestChoosing:
    def test_compile_wins_over_context_over_default(self) -> None:
        try:
            mb.set_backend("numpy")
            assert mb.backend() == "numpy"
            assert build(None).backend == "numpy"
            with mb.use_backend("jax"):
                assert build(None).backend == "jax"
                assert build("torch").backend == "torch"
            assert mb.backend() == "numpy"
        finally:
            import multiback.backends.select as select

            select._DEFAULT = None

    def test_environment_and_preference(self) -> None:
        code = "import multiback as mb; print(mb.backend())"
        for value, expected in (("tensorflow", "tensorflow"), ("", "jax")):
            environment = {**os.environ, "MULTIBACK_BACKEND": value}
            out = subprocess.run(
                [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
            )
            assert out.stdout.strip() == expected

    def test_available_backends(self) -> None:
        assert [b for b in mb.available_backends() if b in BACKENDS] == ["jax", "torch", "tensorflow", "numpy"]

    def test_unknown_backend(self) -> None:
        with pytest.raises(BackendUnavailable, match=r"Unknown backend 'pytorch'\. Did you mean 'torch'"):
            mb.set_backend("pytorch")

    def test_auto_measures_and_keeps_the_fastest(self, capsys: pytest.CaptureFixture[str]) -> None:
        model = build("auto", dtype="float32")
        start = model.get_weights()
        model.fit(X, Y, batch_size=8, epochs=1, verbose=0)
        said = capsys.readouterr().out
        assert model.backend in ("torch", "jax", "tensorflow")
        assert f"backend='auto': {model.backend}" in said
        assert all(name in said for name in ("torch", "jax", "tensorflow"))
        assert int(model.optimizer.iterations.numpy()) == 4
        same = build(model.backend, dtype="float32")
        for a, b in zip(start, same.get_weights()):
            np.testing.assert_array_equal(a, b)
        same.fit(X, Y, batch_size=8, epochs=1, verbose=0)
        for a, b in zip(same.get_weights(), model.get_weights()):
            np.testing.assert_array_equal(a, b)


def test_two_backends_in_two_threads() -> None:
    expected = {b: fitted(b).get_weights() for b in ("torch", "jax", "tensorflow")}
    models = {b: build(b) for b in expected}
    problems: list[BaseException] = []

    def train(model: Any) -> None:
        try:
            model.fit(X, Y, batch_size=8, epochs=4, verbose=0)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=train, args=(m,)) for m in models.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert not problems
    for name, model in models.items():
        for a, b in zip(expected[name], model.get_weights()):
            np.testing.assert_array_equal(a, b)
