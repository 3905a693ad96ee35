"""Learning rate schedules on numbers and arrays, of one's own, and refused; the kit has the rates."""

from __future__ import annotations

import numpy as np
import pytest

import multiback as mb
from multiback import optimizers
from multiback.errors import ArgumentError
from multiback.graph.ir import Spec
from multiback.graph.trace import trace
from multiback.optimizers import schedules
from multiback.testing.cases.schedules import SCHEDULES

CASES = {f"{case.name} {case.label}": case for case in SCHEDULES}


@pytest.mark.parametrize("name", CASES)
def test_arrays_and_numbers_give_the_same(name):
    with mb.use_backend("numpy"):
        schedule = CASES[name].make()
        assert float(schedule(5)) == float(schedule(np.int32(5))) == float(schedule(mb.Variable(5, trainable=False)))
        mb.config.set_floatx("float64")
        assert np.asarray(schedule(5)).dtype == "float64"
        assert float(schedule(5)) == pytest.approx(CASES[name].rate(5), rel=1e-14)
        mb.config.set_floatx("float32")


@pytest.mark.parametrize("name", CASES)
def test_few_equations(name):
    graph = trace(CASES[name].make(), Spec((), mb.dtypes.int32)).graph
    assert len(graph.equations) <= 14


def test_bad_arguments():
    for kind in ("ExponentialDecay", "InverseTimeDecay"):
        with pytest.raises(ArgumentError, match=f"{kind} needs decay_steps above 0, got 0"):
            getattr(schedules, kind)(0.1, 0, 0.5)
    with pytest.raises(ArgumentError, match="first_decay_steps above 0"):
        schedules.CosineDecayRestarts(0.1, -1)
    with pytest.raises(ArgumentError, match="2 boundaries and 2 values"):
        schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2])
    with pytest.raises(ArgumentError, match="increasing"):
        schedules.PiecewiseConstantDecay([2, 1], [0.1, 0.2, 0.3])
    with pytest.raises(ArgumentError, match="Did you mean 'CosineDecay'"):
        schedules.deserialize({"class_name": "CosineDecai", "config": {}})


class Halves(schedules.LearningRateSchedule):
    """A schedule of one's own."""

    def __init__(self, start):
        self.start = start

    def __call__(self, step):
        return self.start / (1.0 + mb.ops.cast(step, "float32"))

    def get_config(self):
        return {"start": self.start}


def test_own_schedule(backend):
    optimizer, target = optimizers.SGD(Halves(0.5)), mb.Variable([0.0])
    for _ in range(2):
        optimizer.apply([[1.0]], [target])
    assert target.numpy() == -0.75
    config = optimizers.serialize(optimizer)
    rebuilt = optimizers.deserialize(config, custom_objects={"Halves": Halves})
    assert isinstance(rebuilt._learning_rate, Halves) and rebuilt._learning_rate.start == 0.5
    with pytest.raises(ArgumentError, match="Halves"):
        optimizers.deserialize(config)
