"""Bad input: one clear error, the same text on every backend, before any weight changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers, ops
from multiback.errors import MultibackError, NonFiniteError, NotCompiledError, TraceError

X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
Y = np.arange(12) % 3


def model_on(backend: str, **options: Any) -> mb.Model:
    model = mb.Sequential([layers.Input((4,), name="features"), layers.Dense(5, "relu"), layers.Dense(3)])
    loss = mb.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"], backend=backend, **options)
    return model


def with_value(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.astype("float32")
    changed.flat[5] = value
    return changed


BAD: dict[str, tuple[Callable[[mb.Model], Any], str]] = {
    "rank": (lambda m: m.fit(X[:, None], Y), r"Input 'features' expects shape \(None, 4\), got \(12, 1, 4\)"),
    "last axis": (lambda m: m.fit(X[:, :3], Y), r"Input 'features' expects shape \(None, 4\), got \(12, 3\)"),
    "missing input": (lambda m: m.fit({}, Y), r"x holds no arrays"),
    "wrong name": (lambda m: m.fit({"featurs": X}, Y), r"features"),
    "extra input": (lambda m: m.fit([X, X], Y), r"Input 'features' is one array, got a list of 2"),
    "ragged lengths": (lambda m: m.fit(X, Y[:5]), r"Arrays differ in their number of samples"),
    "ragged rows": (lambda m: m.fit([[1.0, 2.0], [3.0]], Y), r"ragged|differ"),
    "empty": (lambda m: m.fit(X[:0], Y[:0]), r"x is empty"),
    "objects": (lambda m: m.fit(np.array([{}] * 12, object), Y), r"object"),
    "strings": (lambda m: m.fit(np.array(["a"] * 12), Y), r"x"),
    "nan labels": (lambda m: m.fit(X, with_value(Y, np.nan)), r"y is NaN at \[5\]"),
    "label too large": (lambda m: m.fit(X, Y + 1), r"Output 'dense_1' has 3 classes; target \[2\] is 3"),
    "label negative": (lambda m: m.fit(X, Y - 1), r"target \[0\] is -1"),
    "no target": (lambda m: m.fit(X), r"has a loss but no target"),
    "batch size": (lambda m: m.fit(X, Y, batch_size=0), r"batch_size"),
    "sample weight": (lambda m: m.fit(X, Y, sample_weight=np.ones(3)), r"sample_weight"),
    "evaluate": (lambda m: m.evaluate(X[:, :3], Y), r"Input 'features' expects shape \(None, 4\), got \(12, 3\)"),
    "predict": (lambda m: m.predict(X[:, :3]), r"Input 'features' expects shape \(None, 4\), got \(12, 3\)"),
    "loss weights": (
        lambda m: m.compile("sgd", "mse", ["accuracy"]),
        r"compile\(loss_weights=...\) takes one number for each output, got 'accuracy'. Metrics are given by name",
    ),
    "train_on_batch": (lambda m: m.train_on_batch(X[:, :3], Y), r"Input 'features' expects shape"),
}
_TEXTS: dict[str, dict[str, str]] = {}


@pytest.mark.parametrize("case", BAD)
def test_bad_data_is_one_clear_error(backend: str, case: str) -> None:
    call, message = BAD[case]
    model = model_on(backend)
    before = model.get_weights()
    with pytest.raises(MultibackError, match=message) as raised:
        call(model)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)
    texts = _TEXTS.setdefault(case, {})
    texts[backend] = str(raised.value)
    assert len(set(texts.values())) == 1
    model.fit(X, Y, verbose=0)


def test_fit_before_compile() -> None:
    with pytest.raises(NotCompiledError, match=r"must be compiled before fit\(\)"):
        mb.Sequential([layers.Input((4,)), layers.Dense(1)]).fit(X, Y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "mean_sqared_error"}, "Did you mean 'mean_squared_error'"),
        ({"optimizer": "adamm"}, "Did you mean 'adam"),
        ({"backend": "tensorflo"}, "Did you mean 'tensorflow'"),
        ({"on_nonfinite": "explode"}, "on_nonfinite must be one of"),
        ({"jit_compile": "yes"}, "jit_compile must be"),
    ],
)
def test_unknown_names_in_compile(arguments: dict[str, Any], message: str) -> None:
    model = mb.Sequential([layers.Input((4,)), layers.Dense(1)])
    with pytest.raises(MultibackError, match=message):
        model.compile(**{"loss": "mse", **arguments})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Dense(4, activation="rellu"), "Did you mean 'relu'"),
        (lambda: layers.Dense(4, acitvation="relu"), "Dense has no argument 'acitvation'. Did you mean 'activation'"),
        (lambda: layers.Dense(0), "units must be a positive integer, got 0"),
        (lambda: layers.Dense(4, name="a/../b"), "got the name 'a/../b'"),
        (lambda: layers.Dense(4)(layers.Input(())), "at least 2 axes, got 1"),
    ],
)
def test_bad_layer_arguments(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(MultibackError, match=message):
        make()


def test_python_if_in_a_layer(backend: str) -> None:
    class Branching(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs if ops.sum(inputs) > 0 else -inputs

    with pytest.raises(TraceError, match=r"test_bad_input\.py:\d+: the truth value .* ops\.cond"):
        Branching()(X)


class TestNonFinite:
    def diverging(self, backend: str) -> mb.Model:
        class Explode(layers.Layer):
            def call(self, inputs: Any) -> Any:
                return ops.log(inputs)

        mb.random.set_seed(0)
        x = inputs = layers.Input((4,), name="features")
        x = layers.Dense(3, name="head")(Explode(name="explode")(x))
        model = mb.Model(inputs, x)
        model.compile("sgd", "mse", backend=backend, on_nonfinite="raise")
        return model

    def test_raises_with_step_and_layer_and_keeps_the_weights(self, backend: str) -> None:
        model = self.diverging(backend)
        y = np.zeros((4, 3), "float32")
        model.train_on_batch(np.abs(X[:4]) + 1, y)
        before = model.get_weights()
        with pytest.raises(NonFiniteError, match=r"at step 1; no weight was changed .* layer '.*explode' \(log\)"):
            model.train_on_batch(with_value(np.abs(X[:4]) + 1, -1.0), y)
        for old, new in zip(before, model.get_weights()):
            np.testing.assert_array_equal(old, new)
        assert np.isfinite(model.train_on_batch(np.abs(X[:4]) + 1, y))

    def test_continues_by_default(self, backend: str) -> None:
        model = self.diverging(backend)
        model.compile("sgd", "mse", backend=backend)
        assert np.isnan(model.train_on_batch(-np.abs(X[:4]), np.zeros((4, 3), "float32")))


class TestInterruption:
    def batches(self, error: BaseException) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield X[:4], Y[:4]
        yield X[4:8], Y[4:8]
        raise error

    @pytest.mark.parametrize("error", [OSError("the disk is gone"), KeyboardInterrupt()])
    def test_the_users_exception_comes_through_and_the_model_lives(self, backend: str, error: BaseException) -> None:
        model = model_on(backend)
        threads = threading.active_count()
        with pytest.raises(type(error)) as raised:
            model.fit(self.batches(error), verbose=0)
        assert raised.value is error
        assert any(frame.name == "batches" for frame in raised.traceback)
        assert threading.active_count() <= threads
        assert int(model.optimizer.iterations.numpy()) == 2
        history = model.fit(X, Y, verbose=0)
        assert np.isfinite(history.history["loss"][0])
