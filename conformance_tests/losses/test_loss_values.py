"""What losses take and refuse, on every backend: native arrays, shapes, weights, labels; the kit has the values."""

from __future__ import annotations

import numpy as np
import pytest

from multiback import losses, ops
from multiback.backends.compile import Compiled
from multiback.backends.registry import get_adapter, owner
from multiback.errors import ArgumentError, ShapeError
from multiback.testing.cases.losses import FORMULAS, ROWS

U32 = 2.0**-24
WEIGHTS = np.array([0.5, 0.0, 2.0, 1.0, 0.25], "float32")


def host(x) -> np.ndarray:
    return np.asarray(owner(x).to_numpy(x))


@pytest.mark.parametrize("name", ["MeanSquaredError", "Huber", "BinaryCrossentropy", "SparseCategoricalCrossentropy"])
def test_native_arrays_give_native_losses(name: str, backend: str) -> None:
    formula = next(f for f in FORMULAS if f.name == name)
    y_true, y_pred = formula.sample(ROWS)
    adapter = get_adapter(backend)
    found = getattr(losses, name)()(y_true, adapter.from_numpy(y_pred), WEIGHTS)
    assert adapter.is_native(found)
    expected = formula.values(y_true, y_pred) * WEIGHTS
    assert abs(host(found) - expected.mean()) <= 16 * U32 * formula.sizes(y_true, y_pred).max()


def test_weights_broadcast_and_gain_or_lose_a_last_axis(backend: str) -> None:
    y_true, y_pred = np.random.default_rng(4).normal(size=(2, 5, 3))
    loss = losses.MeanAbsoluteError(dtype="float64")
    values = np.abs(y_true - y_pred).mean(-1)
    for weight in (WEIGHTS, WEIGHTS[:, None], 2.0, [0.5, 0.0, 2.0, 1.0, 0.25]):
        flat = np.ravel(weight) if np.ndim(weight) else weight
        assert np.isclose(host(loss(y_true, y_pred, weight)), (values * flat).mean(), rtol=1e-12)


def test_an_axis_of_one_is_added_or_dropped(backend: str) -> None:
    y = np.array([1.0, 2.0, 3.0])
    prediction = np.array([[1.0], [1.0], [1.0]])
    assert host(losses.MeanSquaredError()(y, prediction)) == pytest.approx(5 / 3)
    assert host(losses.MeanSquaredError()(prediction, y)) == pytest.approx(5 / 3)
    assert host(losses.mean_squared_error(np.ones((2, 3)), np.zeros((2, 3, 1)))).shape == (2,)


def test_ignored_classes_count_neither_in_the_sum_nor_in_the_mean(backend: str) -> None:
    y_true = np.array([[0, 1], [2, -1]], "int32")
    logits = np.random.default_rng(5).normal(size=(2, 2, 3))
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1, dtype="float64")
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    expected = -(log_p[0, 0, 0] + log_p[0, 1, 1] + log_p[1, 0, 2]) / 3
    assert np.isclose(host(loss(y_true, logits)), expected, rtol=1e-12)
    assert np.isclose(host(Compiled(loss, "loss")(y_true, logits)), expected, rtol=1e-12)


def test_labels_keep_their_numbers(backend: str) -> None:
    """Class numbers are not cast to the float type on the way, where 2**24 + 1 would become 2**24."""
    seen = []

    class Recorded(losses.SparseCategoricalCrossentropy):
        def call(self, y_true, y_pred):
            seen.append(y_true.dtype)
            return super().call(y_true, y_pred)

    Compiled(Recorded(), "loss")(np.array([0, 1], "int32"), np.full((2, 3), 1 / 3, "float32"))
    assert seen == ["int32"]


def test_own_loss_classes_and_trees_of_outputs(backend: str) -> None:
    class Distance(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.abs(y_true["a"] - y_pred["a"]) + ops.abs(y_true["b"] - y_pred["b"])

    y_true = {"a": np.array([1.0, 2.0]), "b": np.array([0, 1], "int32")}
    y_pred = {"a": np.array([2.0, 2.0]), "b": np.array([0.5, 0.5])}
    loss = Distance()
    assert loss.name.startswith("distance")
    assert host(loss(y_true, y_pred)) == 1.0
    assert host(loss(y_true, y_pred, np.array([1.0, 0.0]))) == 0.75


def test_half_precision_inputs_compute_in_the_loss_dtype(backend: str) -> None:
    y_true, y_pred = np.ones((2, 3), "float16"), np.full((2, 3), 300.0, "float16")
    assert host(losses.MeanSquaredError()(y_true, y_pred)) == 299.0**2


BAD = [
    (losses.mean_squared_error, np.ones((5, 3)), np.ones((5, 4)), r"\(5, 3\) and \(5, 4\)"),
    (losses.huber, np.ones((5,)), np.ones((5, 4)), r"huber expects .* \(5,\) and \(5, 4\)"),
    (losses.categorical_crossentropy, np.ones((5,)), np.ones((5, 4)), "sparse categorical"),
    (losses.sparse_categorical_crossentropy, np.ones((5, 4)), np.ones((5, 4)), "use the categorical"),
]


@pytest.mark.parametrize(("function", "y_true", "y_pred", "text"), BAD)
def test_shapes_that_do_not_fit_have_one_error(function, y_true, y_pred, text: str, backend: str) -> None:
    with pytest.raises(ShapeError, match=text):
        function(y_true, y_pred)


def test_a_single_class_is_reported() -> None:
    with pytest.warns(UserWarning, match="with one class it is always 0"):
        losses.categorical_crossentropy(np.ones((2, 1), "float32"), np.ones((2, 1), "float32"))


def test_unknown_reductions_name_the_nearest() -> None:
    with pytest.raises(ArgumentError, match="Did you mean 'sum'"):
        losses.MeanSquaredError(reduction="summ")


def test_circle_gradients_are_finite_without_a_partner(backend: str) -> None:
    y_pred = np.eye(3, dtype="float32")
    gradient = ops.grad(lambda p: losses.Circle()(np.array([0, 1, 2]), p))(y_pred)
    assert np.all(host(gradient) == 0)


def test_an_empty_batch_has_no_mean(backend: str) -> None:
    """Compiled with a symbolic batch or run on arrays of known size alike."""
    for shape in ((0, 2), (0, 3, 2)):
        y = np.zeros(shape, "float32")
        assert np.isnan(host(losses.MeanSquaredError()(y, y)))
        assert host(losses.MeanSquaredError(reduction="sum")(y, y)) == 0.0
        assert host(losses.MeanSquaredError(reduction=None)(y, y)).shape == shape[:-1]


def test_circle_loss_of_nan_is_nan(backend: str) -> None:
    assert np.isnan(host(losses.Circle()(np.array([0, 0, 1]), np.full((3, 2), np.nan, "float32"))))
