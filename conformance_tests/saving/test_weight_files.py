"""Weights alone: saved, loaded into models that fit, refused by those that do not, which then are as before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import multiback as mb
from multiback import layers
from multiback.errors import ArgumentError, NotBuiltError, SavingError

X = np.random.default_rng(0).normal(size=(16, 5)).astype("float32")
Y = np.random.default_rng(1).normal(size=(16, 2)).astype("float32")


def made(widths: tuple[int, ...] = (4, 2), compiled: bool = True) -> Any:
    model = mb.Sequential([mb.Input((5,)), *[layers.Dense(width) for width in widths]])
    if compiled:
        model.compile("adam", "mse")
    return model


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    model = made()
    model.fit(X, Y, verbose=0)
    model.save_weights(tmp_path / "w.weights.h5")
    model.save(tmp_path / "m.keras")
    return tmp_path / "w.weights.h5"


def state(model: Any) -> list[np.ndarray]:
    slots = model.optimizer.variables if model.optimizer is not None else []
    return [*model.get_weights(), *(v.numpy() for v in slots)]


def test_weights_and_optimizer_come_back(backend: str, tmp_path: Path) -> None:
    model, other = made(), made()
    model.fit(X, Y, verbose=0)
    model.save_weights(tmp_path / "w.weights.h5")
    other.load_weights(tmp_path / "w.weights.h5")
    for a, b in zip(state(model), state(other), strict=True):
        np.testing.assert_array_equal(a, b)
    assert model.train_on_batch(X, Y) == other.train_on_batch(X, Y)


def test_from_a_whole_model_and_without_an_optimizer(saved: Path) -> None:
    compiled, bare = made(), made(compiled=False)
    compiled.load_weights(saved.parent / "m.keras")
    bare.load_weights(saved)
    for a, b in zip(compiled.get_weights(), bare.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_file_without_optimizer_state_leaves_the_optimizer(tmp_path: Path) -> None:
    made(compiled=False).save_weights(tmp_path / "w.weights.h5")
    model = made()
    model.fit(X, Y, verbose=0)
    model.load_weights(tmp_path / "w.weights.h5")
    assert int(model.optimizer.iterations) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"widths": (3, 2)}, "does not fit Dense .*layers/dense.*shape"),
        ({"widths": (4, 2, 2)}, "does not fit Dense .*layers/dense_2.*has 2 variables, the file has 0"),
        ({"widths": (4,)}, "layers/dense_1, which model"),
    ],
)
def test_what_does_not_fit_changes_nothing(arguments: dict[str, Any], message: str, saved: Path) -> None:
    model = made(**arguments)
    model.fit(X, np.zeros((16, arguments["widths"][-1])), verbose=0)
    before = state(model)
    with pytest.raises(SavingError, match=message):
        model.load_weights(saved)
    for a, b in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_layer_that_fails_late_changes_nothing(saved: Path, backend: str) -> None:
    model = made()
    model.fit(X, Y, verbose=0)
    before = state(model)

    def fail(store: Any) -> None:
        raise ValueError("not today")

    model.layers[-1].load_own_variables = fail
    type(model.layers[-1]).load_own_variables(model.layers[0], {"0": np.ones((5, 4)), "1": np.ones(4)})
    before[:2] = [np.ones((5, 4)), np.ones(4)]
    with pytest.raises(SavingError, match="not today"):
        model.load_weights(saved)
    for a, b in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_mismatches_can_be_skipped(saved: Path) -> None:
    source, model = made(), made((3, 2), compiled=False)
    source.load_weights(saved)
    before = model.get_weights()
    with pytest.warns(UserWarning, match=r"Skipped\. .*layers/dense") as caught:
        model.load_weights(saved, skip_mismatch=True)
    assert len(caught) == 2
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    np.testing.assert_array_equal(model.get_weights()[3], before[3])


def test_damage_changes_nothing_and_is_located(saved: Path) -> None:
    with h5py.File(saved, "a") as file:
        file["layers/dense/vars/0"][0, 0] += 1
    model = made()
    before = state(model)
    with pytest.raises(SavingError, match=r"w\.weights\.h5: layers/dense/vars/0 is damaged"):
        model.load_weights(saved)
    for a, b in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_names_and_arguments(saved: Path, tmp_path: Path) -> None:
    model = made()
    for name in ("w.h5", "w.keras", "w"):
        with pytest.raises(ArgumentError, match=r"must end in '\.weights\.h5'"):
            model.save_weights(tmp_path / name)
    with pytest.raises(ArgumentError, match="end in"):
        model.load_weights(tmp_path / "w.npz")
    with pytest.raises(ArgumentError, match="exists already"):
        model.save_weights(saved, overwrite=False)
    with pytest.raises(ArgumentError, match="'by_name'"):
        model.load_weights(saved, by_name=True)
    with pytest.raises(ArgumentError, match="max_shard_size"):
        model.save_weights(saved, max_shard_size=0.1)
    with pytest.raises(SavingError, match="No such file"):
        model.load_weights(tmp_path / "absent.weights.h5")


def test_a_model_without_weights_yet(tmp_path: Path, saved: Path) -> None:
    model = mb.Sequential([layers.Dense(2)])
    with pytest.raises(NotBuiltError):
        model.save_weights(tmp_path / "x.weights.h5")
    with pytest.raises(NotBuiltError):
        model.load_weights(saved)


@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "float16"])
def test_dtypes_come_back_bit_for_bit(dtype: str, tmp_path: Path) -> None:
    def model() -> Any:
        return mb.Sequential([mb.Input((5,)), layers.Dense(3, dtype=dtype)])

    first, second = model(), model()
    first.save_weights(tmp_path / "w.weights.h5")
    second.load_weights(tmp_path / "w.weights.h5")
    assert first.get_weights()[0].dtype.name == dtype
    assert [w.tobytes() for w in first.get_weights()] == [w.tobytes() for w in second.get_weights()]
