"""Metrics are emptied in one compiled call once that pays: nothing else may change."""

from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers


class Counted(mb.metrics.SparseCategoricalAccuracy):
    """A metric with a way of its own to be emptied."""

    resets = 0

    def reset_state(self) -> None:
        self.resets += 1
        super().reset_state()


def _results(backend: str, metric: Any) -> tuple[Any, list[Any]]:
    rng = np.random.default_rng(2)
    x = rng.standard_normal((8, 3)).astype("float32")
    y = (x[:, 0] > 0).astype("int32")
    mb.random.set_seed(1)
    model = mb.Sequential([layers.Input((3,)), layers.Dense(2)])
    loss = mb.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy", metric], backend=backend)
    results = [model.train_on_batch(x[i : i + 4], y[i : i + 4]) for i in (0, 4, 0, 4, 0)]
    return model, results


def test_a_compiled_reset_is_a_reset(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usual, metric = Counted(), Counted()
    _, expected = _results(backend, usual)
    monkeypatch.setattr("multiback.training.reset._COMPILED", 2)
    model, results = _results(backend, metric)
    assert results == expected
    assert metric.resets == usual.resets > 2
    model.reset_metrics()
    assert metric.resets == usual.resets + 1
    for found in model.metrics:
        for variable in found.variables:
            np.testing.assert_array_equal(variable.numpy(), np.zeros(variable.shape))
    assert len(model.variables) == 2
