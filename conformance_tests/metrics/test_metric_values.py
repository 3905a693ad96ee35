"""Metrics on native arrays, without state, of one's own, and moved between backends; the kit has the values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import metrics, ops
from multiback.backends.compile import Compiled
from multiback.backends.registry import get_adapter, owner
from multiback.errors import ShapeError, StateError
from multiback.testing.cases.metrics import DEFINITIONS, Definition, draw
from multiback.testing.chapters.metrics import make

U32 = 2.0**-24
BATCHES = (5, 5, 3)


def host(x: Any) -> np.ndarray:
    return np.asarray(owner(x).to_numpy(x))


def expected(definition: Definition, weighted: bool) -> np.ndarray:
    targets, predictions, weights = (np.concatenate(x) for x in zip(*definition.data(BATCHES)))
    weights = weights.astype("float64") if weighted else np.ones(len(weights))
    return np.asarray(definition.value(targets, predictions, weights), "float64")


def assert_close(found: np.ndarray, wanted: np.ndarray) -> None:
    """Sums of at most 52 terms of one sign, then a quotient: 64 roundings cover both."""
    assert found.shape == wanted.shape
    assert np.all(np.abs(found - wanted) <= 64 * U32 * np.maximum(np.abs(wanted), 1)), (found, wanted)


EAGER = ("SparseCategoricalAccuracy", "MeanSquaredError", "AUC", "Precision-top", "R2Score", "MeanIoU", "F1Score")


@pytest.mark.parametrize("definition", [d for d in DEFINITIONS if str(d) in EAGER], ids=str)
def test_updates_on_native_and_numpy_arrays(definition: Definition, backend: str) -> None:
    adapter = get_adapter(backend)
    metric = make(definition, dtype="float32")
    for y_true, y_pred, weight in definition.data(BATCHES):
        metric.update_state(y_true, adapter.from_numpy(y_pred), sample_weight=weight)
    assert adapter.is_native(metric.result())
    assert_close(host(metric.result()), expected(definition, True))
    metric.reset_state()
    assert all(not v.numpy().any() for v in metric.variables)
    for y_true, y_pred, _ in definition.data(BATCHES):
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
