"""Metrics over three batches of two sizes, on every backend, against their definitions on all samples at once."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from metric_definitions import BATCHES, DEFINITIONS, EVEN, THRESHOLDS, Definition, batches, draw

import multiback as mb
from multiback import metrics, ops
from multiback.backends.compile import Compiled
from multiback.backends.registry import get_adapter, owner
from multiback.errors import ShapeError, StateError
from multiback.layers._masks import set_mask

U32 = 2.0**-24


def host(x: Any) -> np.ndarray:
    return np.asarray(owner(x).to_numpy(x))


def expected(definition: Definition, weighted: bool, sizes: tuple[int, ...] = BATCHES) -> np.ndarray:
    targets, predictions, weights = (np.concatenate(x) for x in zip(*definition.data(sizes)))
    weights = weights.astype("float64") if weighted else np.ones(len(weights))
    return np.asarray(definition.value(targets, predictions, weights), "float64")


def assert_close(found: np.ndarray, wanted: np.ndarray) -> None:
    """Sums of at most 52 terms of one sign, then a quotient: 64 roundings cover both."""
    assert found.shape == wanted.shape
    assert np.all(np.abs(found - wanted) <= 64 * U32 * np.maximum(np.abs(wanted), 1)), (found, wanted)


@functools.cache
def traced_results(backend: str) -> list[list[np.ndarray]]:
    """The results of all metrics, unweighted and weighted, updated inside one compiled step per batch."""
    made = [(d.make(), d.make() if d.weighted else None) for d in DEFINITIONS]

    def step(batch: Any) -> None:
        for (plain, weighted), (y_true, y_pred, weight) in zip(made, batch):
            plain.update_state(y_true, y_pred)
            if weighted is not None:
                weighted.update_state(y_true, y_pred, sample_weight=weight)

    compiled = Compiled(step, "metrics")
    for batch in zip(*(d.data(batches(backend)) for d in DEFINITIONS)):
        compiled(list(batch))
    assert len(compiled._programs) == 1
    return [[host(m.result()) for m in pair if m is not None] for pair in made]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=str)
def test_updates_inside_a_compiled_step(definition: Definition, backend: str) -> None:
    for found, weighted in zip(traced_results(backend)[DEFINITIONS.index(definition)], (False, True)):
        assert_close(found, expected(definition, weighted, batches(backend)))


EAGER = ("SparseCategoricalAccuracy", "MeanSquaredError", "AUC", "Precision-top", "R2Score", "MeanIoU", "F1Score")


@pytest.mark.parametrize("definition", [d for d in DEFINITIONS if str(d) in EAGER], ids=str)
def test_updates_on_native_and_numpy_arrays(definition: Definition, backend: str) -> None:
    adapter = get_adapter(backend)
    metric = definition.make()
    for y_true, y_pred, weight in definition.data():
        metric.update_state(y_true, adapter.from_numpy(y_pred), sample_weight=weight)
    assert adapter.is_native(metric.result())
    assert_close(host(metric.result()), expected(definition, True))
    metric.reset_state()
    assert all(not v.numpy().any() for v in metric.variables)
    for y_true, y_pred, _ in definition.data():
        metric(y_true, y_pred)
    assert_close(host(metric.result()), expected(definition, False))


def test_sums_and_means(backend: str) -> None:
    values, weights = [[1.0, 3.0], [4.0, 2.0], [0.0, 2.0]], [0.25, 2.0, 1.0]
    assert host(metrics.Sum()(values)) == 12.0
    assert host(metrics.Sum()(values, weights)) == 15.0
    assert host(metrics.Mean()(values)) == 2.0
    assert host(metrics.Mean()(values, weights)) == np.float32(7.5 / 3.25)
    assert host(metrics.Mean()(values, [[1.0, 0.0], [1.0, 1.0], [1.0, 0.0]])) == 7 / 4
    mean = metrics.Mean()
    assert host(mean.result()) == 0.0
    mean.update_state(4.0)
    mean.update_state(np.float32(1.0), sample_weight=3)
    assert host(mean.result()) == 7 / 4


def test_the_size_of_a_batch_can_be_a_weight(backend: str) -> None:
    """As a training loop uses it: the mean loss of a batch counts as often as the batch has samples."""
    tracker = metrics.Mean(name="loss")
    step = Compiled(lambda x: tracker.update_state(ops.mean(x), sample_weight=x.shape[0]), "step")
    step(np.array([1.0, 3.0], "float32"))
    step(np.array([5.0, 5.0, 5.0], "float32"))
    assert host(tracker.result()) == np.float32(19 / 5)


def test_masks_of_predictions_are_weights(backend: str) -> None:
    y_true, y_pred = np.array([[1, 0, 2], [1, 1, 0]], "int32"), draw("real", 0, 6).reshape(2, 3, 4)
    mask = np.array([[True, True, False], [True, False, False]])
    right = (y_true == y_pred.argmax(-1)).astype("float64")
    metric, weighted = metrics.SparseCategoricalAccuracy(), metrics.SparseCategoricalAccuracy()

    def step(y_true: Any, y_pred: Any, mask: Any, weight: Any) -> None:
        set_mask(y_pred, mask)
        metric.update_state(y_true, y_pred)
        weighted.update_state(y_true, y_pred, weight)

    Compiled(step, "step")(y_true, y_pred, mask, np.array([[0.5], [2.0]], "float32"))
    assert np.isclose(host(metric.result()), (right * mask).sum() / mask.sum(), rtol=1e-6)
    weight = mask * np.array([[0.5], [2.0]])
    assert np.isclose(host(weighted.result()), (right * weight).sum() / weight.sum(), rtol=1e-6)


def test_stateless_updates_leave_the_metric_alone(backend: str) -> None:
    metric = metrics.SparseCategoricalAccuracy()
    state = metric.stateless_reset_state()
    y_true, y_pred = draw("classes", 0, 5), draw("real", 1, 5)
    state = metric.stateless_update_state(state, y_true, y_pred)
    state = metric.stateless_update_state(state, y_true, y_pred, sample_weight=np.ones(5, "float32"))
    assert float(host(state[1])) == 10.0
    assert host(metric.stateless_result(state)) == np.float32((y_true == y_pred.argmax(-1)).mean())
    assert all(not v.numpy().any() for v in metric.variables)
    with pytest.raises(ShapeError, match="has 2 variables, got 1"):
        metric.stateless_result(state[:1])
    with pytest.raises(StateError, match="while a graph is traced"):
        Compiled(metric.stateless_result, "result")(state)


def test_own_metrics_with_metrics_inside(backend: str) -> None:
    class Spread(metrics.Metric):
        def __init__(self, name: str = "spread", dtype: Any = None) -> None:
            super().__init__(name=name, dtype=dtype)
            self.parts = [metrics.Mean(name="mean")]
            self.largest = self.add_weight(name="largest", initializer="zeros")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.parts[0].update_state(y_pred)
            self.largest.assign(ops.maximum(self.largest, ops.max(y_pred)))

        def result(self) -> Any:
            return ops.subtract(self.largest, self.parts[0].result())

    metric = Spread()
    step = Compiled(metric.update_state, "step")
    for y_pred in ([1.0, 2.0], [6.0]):
        step(np.zeros(len(y_pred), "float32"), np.array(y_pred, "float32"))
    assert host(metric.result()) == 3.0
    assert [v.path for v in metric.variables] == ["spread/largest", "mean/total", "mean/count"]
    metric.reset_state()
    assert host(metric.result()) == 0.0


def test_a_metric_moves_between_backends_with_its_state() -> None:
    metric = metrics.Mean()
    for name in ("torch", "jax", "tensorflow", "numpy"):
        with mb.use_backend(name):
            metric.update_state(get_adapter(name).from_numpy(np.array([1.0, 3.0, 5.0], "float32")))
    assert float(metric.total) == 36.0
    assert float(metric.count) == 12.0


def test_nan_predictions_are_negative(backend: str) -> None:
    y_true, y_pred = np.array([1, 0, 1, 0]), np.array([np.nan, np.nan, 0.9, 0.1], "float32")
    for metric in (metrics.TruePositives(EVEN), metrics.TruePositives(THRESHOLDS)):
        assert np.all(host(metric(y_true, y_pred)) <= 1)
    assert host(metrics.SparseTopKCategoricalAccuracy(1)(np.array([1]), np.array([[0.5, np.nan]], "float32"))) == 0.0
