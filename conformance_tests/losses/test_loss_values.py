"""Losses against their definitions in NumPy float64, on every backend: values, weights, masks, gradients."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from loss_formulas import FORMULAS, Formula, data

from multiback import losses, ops
from multiback.backends.compile import Compiled
from multiback.backends.registry import get_adapter, owner
from multiback.errors import ArgumentError, ShapeError
from multiback.layers._masks import set_mask

U32, U64 = 2.0**-24, 2.0**-53
WEIGHTS = np.array([0.5, 0.0, 2.0, 1.0, 0.25], "float32")


def host(x) -> np.ndarray:
    return np.asarray(owner(x).to_numpy(x))


def sample(formula: Formula, rows: int) -> tuple[np.ndarray, np.ndarray]:
    return data(formula.targets, rows, rows), data(formula.predictions, rows + 1, rows)


def weights(formula: Formula, rows: int) -> np.ndarray | None:
    return None if formula.name in ("Dice", "Tversky", "Circle") else WEIGHTS[:rows].astype("float64")


def batch_sizes(backend: str) -> tuple[int, ...]:
    """Of batches; on jax a single one, since each new size costs a long compilation there and no new graph."""
    return (5,) if backend == "jax" else (5, 3)


@functools.cache
def all_in_one_graph(backend: str) -> dict[int, list]:
    """By batch size, of each formula: losses in float32, and the mean and its gradient in float64."""

    def run(samples):
        found = []
        for formula, (y_true, single, double, weight) in zip(FORMULAS, samples):
            kind = getattr(losses, formula.name)
            values = kind(**formula.arguments, reduction=None)(y_true, single)
            mean = kind(**formula.arguments, dtype="float64")
            step = ops.value_and_grad(lambda p, y=y_true, w=weight, mean=mean: mean(y, p, w))
            found.append((values, *step(double)))
        return found

    compiled = Compiled(run, "losses")
    found = {}
    for rows in batch_sizes(backend):
        pairs = [(f, *sample(f, rows)) for f in FORMULAS]
        given = [(y_true, y_pred, y_pred.astype("float64"), weights(f, rows)) for f, y_true, y_pred in pairs]
        found[rows] = [tuple(map(host, x)) for x in compiled(given)]
    assert len(compiled._programs) == 1
    return found


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_values_are_within_the_bound(formula: Formula, backend: str) -> None:
    for rows in batch_sizes(backend):
        y_true, y_pred = sample(formula, rows)
        found = all_in_one_graph(backend)[rows][FORMULAS.index(formula)][0]
        expected, sizes = formula.values(y_true, y_pred), formula.sizes(y_true, y_pred)
        assert found.dtype == np.float32
        assert found.shape == expected.shape
        assert np.all(np.abs(found - expected) <= 16 * U32 * sizes), (found, expected)


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_means_and_gradients_in_float64(formula: Formula, backend: str) -> None:
    for rows in batch_sizes(backend):
        y_true, y_pred = sample(formula, rows)
        y_pred, weight = y_pred.astype("float64"), weights(formula, rows)

        def mean(p: np.ndarray, y_true=y_true, weight=weight) -> float:
            values = formula.values(y_true, p)
            if formula.name == "Circle":
                return values.sum() / max((values > 0).sum(), 1)
            return float(np.mean(values if weight is None else values * weight))

        _, value, gradient = all_in_one_graph(backend)[rows][FORMULAS.index(formula)]
        assert abs(value - mean(y_pred)) <= 16 * U64 * np.max(formula.sizes(y_true, y_pred))
        assert np.allclose(gradient, differences(mean, y_pred), rtol=2e-6, atol=2e-7)


@pytest.mark.parametrize("name", ["MeanSquaredError", "Huber", "BinaryCrossentropy", "SparseCategoricalCrossentropy"])
def test_native_arrays_give_native_losses(name: str, backend: str) -> None:
    formula = next(f for f in FORMULAS if f.name == name)
    y_true, y_pred = sample(formula, 5)
    adapter = get_adapter(backend)
    found = getattr(losses, name)()(y_true, adapter.from_numpy(y_pred), WEIGHTS)
    assert adapter.is_native(found)
    expected = formula.values(y_true, y_pred) * WEIGHTS
    assert abs(host(found) - expected.mean()) <= 16 * U32 * formula.sizes(y_true, y_pred).max()


def differences(function, x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        gradient[place] = (function(up) - function(down)) / (2 * step)
    return gradient


def reduced(values, weight, mask, reduction: str | None):
    w = np.ones_like(values) if weight is None else np.broadcast_to(weight, values.shape)
    m = np.ones_like(values) if mask is None else mask
    if reduction in ("none", None):
        return values * w * m
    total = (values * w * m).sum()
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight":
        # Weights of shape (n, 1) count once per sample, unless a mask has spread them.
        count = weight.sum() if weight is not None and mask is None else (w * m).sum()
    else:
        count = m.sum()
    return total / count if count else 0.0


REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None]


def test_reductions_with_weights_and_masks(backend: str) -> None:
    rng = np.random.default_rng(3)
    y_true, y_pred = rng.normal(size=(2, 5, 3, 2))
    values = ((y_true - y_pred) ** 2).mean(-1)
    masks = {"none": None, "some": rng.random((5, 3)) < 0.6, "nothing": np.zeros((5, 3), bool)}
    weight = {"no": None, "yes": WEIGHTS.astype("float64")[:, None]}
    cases = list(itertools.product(REDUCTIONS, masks, weight))

    def run(y_true, y_pred, masks, weight):
        found = []
        for reduction, m, w in cases:
            prediction = y_pred + 0.0
            set_mask(prediction, masks[m])
            found.append(losses.MeanSquaredError(reduction=reduction, dtype="float64")(y_true, prediction, weight[w]))
        return found

    found = Compiled(run, "reductions")(y_true, y_pred, masks, weight)
    for case, x in zip(cases, map(host, found)):
        expected = reduced(values, weight[case[2]], masks[case[1]], case[0])
        assert x.shape == np.shape(expected), case
        assert np.allclose(x, expected, rtol=1e-14, atol=0), case


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
