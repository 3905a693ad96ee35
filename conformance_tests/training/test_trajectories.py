"""The rule by which trajectories are judged, and that the suite's models train as `fit` trains them.

The trajectories themselves are checks of the suite: `multiback.testing.chapters.models`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import numpy as np
import pytest

import multiback as mb
from multiback import config, tree
from multiback.backends.registry import get_adapter
from multiback.testing import model_graphs
from multiback.testing.chapters.models import EXPANDED
from multiback.testing.conditioning import SLACK, Twins, neighbours
from multiback.testing.model_graphs import BATCH, model_names, reference_run, reference_weights, subject


@pytest.fixture
def float64() -> Iterator[None]:
    """`floatx` is float64."""
    config.set_floatx("float64")
    yield
    config.set_floatx("float32")


def fitted(name: str, backend: str, steps: int, **hyperparameters: float) -> dict[str, np.ndarray]:
    """The weights of a model of the suite by path, after `fit` without shuffling."""
    module = importlib.import_module(f"multiback.testing.models.{name}")
    mb.random.set_seed(0)
    model, (x, y) = module.model(), module.data()
    for attribute, value in hyperparameters.items():
        setattr(model.optimizer, attribute, value)
    epoch = len(tree.leaves(x)[0]) // BATCH
    with mb.use_backend(backend):
        model.fit(x, y, batch_size=BATCH, epochs=steps // epoch, shuffle=False, verbose=0)
    return {v.path: v.numpy() for v in model.trainable_variables}


@pytest.mark.parametrize("name", ["lenet", "gan"])
def test_fit_stays_with_the_reference(backend: str, float64: object, name: str) -> None:
    """The suite runs compiled steps by itself: `fit` without shuffling must be the same training."""
    of = subject(name, "float64")
    weights = fitted(name, backend, 8)
    names = [of.names[i] for i in of.weights]
    assert set(weights) == set(names)
    verdict = reference_weights(name, 8, (8,))[8].judge([weights[n] for n in names], names)
    assert verdict.passed, verdict.text


@pytest.mark.parametrize("name", model_names())
def test_models_learn(name: str) -> None:
    module = importlib.import_module(f"multiback.testing.models.{name}")
    model, (x, y) = module.model(), module.data()
    with mb.use_backend("numpy"):
        logs = model.fit(x, y, batch_size=BATCH, epochs=25, verbose=0).history
    first, last = (sum(values[i] for values in logs.values()) for i in (0, -1))
    if name == "gan":
        assert abs(last - first) > 1e-3, "The two players' losses do not move."
    else:
        assert last < 0.9 * first


@pytest.mark.parametrize("name", EXPANDED)
def test_models_hold_the_composites_that_are_expanded(name: str) -> None:
    assert EXPANDED[name] in {equation.op.name for equation in subject(name, "float32").step.walk()}


def test_neighbours_are_one_unit_away() -> None:
    x = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    (moved,) = neighbours([x], np.random.default_rng(1))
    assert moved.dtype == np.float32
    ulps = (moved.view(np.int32) - x.view(np.int32)) * np.sign(x)
    assert set(ulps) == {-1.0, 1.0}
    counts, zeros = neighbours([np.arange(3), np.zeros(2)], np.random.default_rng(1))
    np.testing.assert_array_equal(counts, np.arange(3))
    np.testing.assert_array_equal(zeros, np.zeros(2))


def test_a_twin_passes_and_an_error_of_meaning_does_not() -> None:
    """Another twin is within the bound; one weight that is off by 1e-13 after the first step is not."""
    name, keep = "lenet", (1, 10, 100)
    of = subject(name, "float64")
    names = [of.names[i] for i in of.weights]
    expected = reference_weights(name, 100, keep)
    other = reference_run(name, 100, keep, model_graphs.TWINS)
    for step, twins in expected.items():
        assert twins.judge([other[step][i] for i in of.weights], names).passed
    i = names.index("dense/kernel")
    wrong = list(expected[1].want)
    wrong[i] = wrong[i] * (1.0 + 1e-13)
    verdict = expected[1].judge(wrong, names)
    assert not verdict.passed
    assert verdict.measured > SLACK
    assert "dense/kernel" in verdict.text


def test_twins_judge_shape_dtype_and_nan() -> None:
    twins = Twins.of([np.ones(3)], [[np.ones(3) + 1e-15]])
    assert twins.judge([np.ones(3)], ["w"]).passed
    for wrong in (np.ones(2), np.ones(3, np.float32), np.full(3, np.nan), np.ones(3) + 1e-13):
        assert not twins.judge([wrong], ["w"]).passed


def test_the_bias_before_batch_normalization_moves_by_rounding_alone(float64: object) -> None:
    """Its gradient is 0 but for rounding. Adam divides that by at least epsilon: a larger one, smaller steps.

    So it leaves the reference by about 1e-12 within ten steps, where all other weights stay within 1e-13.
    """
    of = subject("resnet", "float64")
    gradients = get_adapter("numpy").compile(of.gradients)(*of.state, *of.batches[0])
    size = {n: float(np.abs(g).max()) for n, g in zip(of.gradient_names, gradients)}
    assert 0.0 < size["gradient of conv2d/bias"] < 1e-14
    assert size["gradient of conv2d/kernel"] > 1e-3
    twins = reference_weights("resnet", 10, (10,))[10]
    growth = dict(zip((of.names[i] for i in of.weights), twins.growth))
    biases = {n: g for n, g in growth.items() if n.startswith("conv2d") and n.endswith("bias")}
    assert len(biases) == 6
    assert min(biases.values()) > 10 * max(g for n, g in growth.items() if n not in biases)
    moved = []
    for epsilon in (1e-7, 1e-3):
        weights = fitted("resnet", "numpy", 8, epsilon=epsilon)
        moved.append(max(float(np.abs(weights[n]).max()) for n in biases))
    assert moved[0] > 1e3 * moved[1]
