"""Losses against Keras itself: names, defaults, configurations, lookup, and values of every reduction."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

import multiback as mb
from multiback import losses
from multiback.errors import UnknownNameError
from multiback.losses.reduction import reduce_weighted
from multiback.losses.resolve import resolve
from multiback.testing.cases.losses import FORMULAS, Formula, data

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
CLASSES = sorted({f.name for f in FORMULAS})


@pytest.fixture(autouse=True)
def on_numpy():
    with mb.use_backend("numpy"):
        yield


VARIANTS = [pytest.param(f, marks=[pytest.mark.thorough] if f.arguments else []) for f in FORMULAS]


@pytest.mark.parametrize("formula", VARIANTS, ids=str)
def test_values(formula: Formula) -> None:
    y_true, y_pred = data(formula.targets, 1), data(formula.predictions, 2)
    weight = None if formula.name in ("Dice", "Tversky") else np.array([1.0, 0.5, 0.0, 2.0, 1.5], "float32")
    for reduction in ("sum_over_batch_size", "mean_with_sample_weight"):
        ours = getattr(losses, formula.name)(**formula.arguments, reduction=reduction)(y_true, y_pred, weight)
        theirs = np.asarray(
            getattr(keras.losses, formula.name)(**formula.arguments, reduction=reduction)(y_true, y_pred, weight)
        )
        bound = 64 * 2.0**-24 * np.sum(formula.sizes(y_true, y_pred) * (1 if weight is None else weight))
        assert np.shape(ours) == theirs.shape
        assert np.all(np.abs(ours - theirs) <= bound), (reduction, ours, theirs)


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_configurations_hold_all_that_keras_holds_and_come_back(formula: Formula) -> None:
    ours = getattr(losses, formula.name)(**formula.arguments, reduction="sum", name="mine")
    config = losses.serialize(ours)
    theirs = keras.losses.serialize(
        getattr(keras.losses, formula.name)(**formula.arguments, reduction="sum", name="mine")
    )
    assert {k: config[k] for k in config if k != "config"} == {k: theirs[k] for k in theirs if k != "config"}
    assert theirs["config"].items() <= config["config"].items()
    assert losses.deserialize(config).get_config() == ours.get_config()
    assert losses.deserialize(theirs).reduction == "sum"
    assert keras.saving.deserialize_keras_object(config).name == "mine"


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("weight", [None, (4,), (4, 1), (4, 3)], ids=str)
def test_masks_weights_and_reductions_meet_as_in_keras(
    reduction: str | None, masked: bool, weight: tuple | None
) -> None:
    from keras.src.losses.loss import reduce_weighted_values

    rng = np.random.default_rng(0)
    values = rng.normal(size=(4,) if weight == (4,) else (4, 3)).astype("float32")
    mask = rng.random(values.shape) < 0.5 if masked else None
    weights = None if weight is None else rng.random(weight).astype("float32")
    found = np.asarray(reduce_weighted(values, weights, mask, reduction, mb.dtypes.float32))
    theirs = np.asarray(reduce_weighted_values(values, weights, mask, reduction, "float32"))
    assert found.shape == theirs.shape
    assert np.allclose(found, theirs, rtol=1e-5, atol=1e-6)


def test_configurations_keep_a_dtype_of_their_own() -> None:
    loss = losses.Huber(dtype="float64")
    assert losses.deserialize(losses.serialize(loss)).dtype == "float64"
    assert keras.losses.deserialize(losses.serialize(loss)).dtype == "float64"


@pytest.mark.parametrize("name", CLASSES)
def test_default_names(name: str) -> None:
    assert getattr(losses, name)().name == getattr(keras.losses, name)().name
    assert list(inspect.signature(getattr(losses, name)).parameters) == list(
        inspect.signature(getattr(keras.losses, name)).parameters
    )


@pytest.mark.parametrize(
    "name",
    ["mse", "MSE", "mae", "MAE", "mape", "msle", "bce", "BCE", "kld", "KLD", "huber", "hinge", "mean_squared_error",
     "sparse_categorical_crossentropy", "cosine_similarity", "MeanSquaredError", "KLDivergence"],
)  # fmt: skip
def test_lookup_by_name(name: str) -> None:
    ours, theirs = losses.get(name), keras.losses.get(name)
    assert inspect.isfunction(ours) == inspect.isfunction(theirs)
    kind = ours if inspect.isfunction(ours) else type(ours)
    assert kind.__name__ == (theirs if inspect.isfunction(theirs) else type(theirs)).__name__


def test_lookup_of_everything_else() -> None:
    assert losses.get(None) is None
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    assert losses.get(losses.huber) is losses.huber
    assert losses.get({"class_name": "Huber", "config": {"delta": 2.0}}).delta == 2.0
    with pytest.raises(UnknownNameError, match="Did you mean 'mean_squared_error'"):
        losses.get("mean_square_error")


def test_functions_travel_in_keras_form() -> None:
    ours = losses.LossFunctionWrapper(losses.huber, name="h", delta=0.5)
    config = losses.serialize(ours)
    assert config["config"]["fn"] == keras.losses.serialize(keras.losses.huber)
    again = losses.deserialize(config)
    y = np.zeros((2, 3), "float32"), np.ones((2, 3), "float32")
    assert again(*y) == ours(*y) == 0.375


def test_custom_losses_travel_with_custom_objects() -> None:
    class Mine(losses.Loss):
        def call(self, y_true, y_pred):
            return y_pred

    config = losses.serialize(Mine(name="m"))
    assert losses.deserialize(config, {"Mine": Mine}).name == "m"
    with pytest.raises(UnknownNameError):
        losses.deserialize(config)


@pytest.mark.parametrize(
    ("y_true", "y_pred", "function"),
    [
        ((32,), (32, 1), "binary_crossentropy"),
        ((32, 1), (32, 1), "binary_crossentropy"),
        ((32,), (32, 10), "sparse_categorical_crossentropy"),
        ((32, 1), (32, 10), "sparse_categorical_crossentropy"),
        ((32, 7), (32, 7, 10), "sparse_categorical_crossentropy"),
        ((32, 10), (32, 10), "categorical_crossentropy"),
    ],
)
def test_crossentropy_by_shapes(y_true: tuple, y_pred: tuple, function: str) -> None:
    loss = resolve("crossentropy", y_true, y_pred)
    assert loss is not None
    assert loss.fn is getattr(losses, function)
    assert resolve(None, y_true, y_pred) is None
    assert resolve("mse", y_true, y_pred).name == "mse"
    assert resolve(losses.huber, y_true, y_pred).name == "huber"
