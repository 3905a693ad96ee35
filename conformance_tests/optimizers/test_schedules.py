"""Learning rate schedules on every backend against their formulas in NumPy float64."""

from __future__ import annotations

import numpy as np
import pytest

import multiback as mb
from multiback import optimizers
from multiback.backends.compile import Compiled
from multiback.errors import ArgumentError
from multiback.graph.ir import Spec
from multiback.graph.trace import trace
from multiback.optimizers import schedules
from multiback.testing.judge import judge

STEPS = [0, 1, 2, 3, 4, 5, 8, 9, 11, 12, 13, 27, 28, 29, 1000]


def polynomial(t, power=1.0, cycle=False):
    n = 9 * max(1, np.ceil(t / 9)) if cycle else 9
    return (0.1 - 0.02) * (1 - min(t, n) / n) ** power + 0.02


def warm(t):
    return 0.01 + (0.1 - 0.01) * t / 4 if t < 4 else 0.1 * (1 + np.cos(np.pi * min((t - 4) / 9, 1))) / 2


def restarts(t, t_mul, m_mul, alpha, length=4.0):
    start, peak = 0.0, 1.0
    while t >= start + length:
        start, length, peak = start + length, length * t_mul, peak * m_mul
        if length < 1:
            return 0.1 * alpha
    return 0.1 * ((1 - alpha) * peak * (1 + np.cos(np.pi * (t - start) / length)) / 2 + alpha)


CASES = {
    "exponential": (schedules.ExponentialDecay(0.1, 7, 0.9), lambda t: 0.1 * 0.9 ** (t / 7)),
    "exponential stairs": (schedules.ExponentialDecay(0.1, 4, 0.9, staircase=True), lambda t: 0.1 * 0.9 ** (t // 4)),
    "inverse": (schedules.InverseTimeDecay(0.1, 7, 0.5), lambda t: 0.1 / (1 + 0.5 * t / 7)),
    "inverse stairs": (schedules.InverseTimeDecay(0.1, 4, 0.5, staircase=True), lambda t: 0.1 / (1 + 0.5 * (t // 4))),
    "line": (schedules.PolynomialDecay(0.1, 9, 0.02), polynomial),
    "cycles": (schedules.PolynomialDecay(0.1, 9, 0.02, 2.5, cycle=True), lambda t: polynomial(t, 2.5, cycle=True)),
    "pieces": (schedules.PiecewiseConstantDecay([3, 8.5], [0.3, 0.2, 0.1]), lambda t: 0.3 - 0.1 * ((t > 3) + (t > 8))),
    "cosine": (schedules.CosineDecay(0.1, 9, 0.2), lambda t: 0.1 * (0.4 * (1 + np.cos(np.pi * min(t / 9, 1))) + 0.2)),
    "warm-up": (schedules.CosineDecay(0.01, 9, warmup_target=0.1, warmup_steps=4), warm),
    "restarts": (schedules.CosineDecayRestarts(0.1, 4, 2.0, 0.8, 0.1), lambda t: restarts(t, 2.0, 0.8, 0.1)),
    "equal restarts": (schedules.CosineDecayRestarts(0.1, 4, 1.0, 0.5), lambda t: restarts(t, 1.0, 0.5, 0.0)),
    "shorter restarts": (schedules.CosineDecayRestarts(0.1, 4, 0.5, 1.0, 0.1), lambda t: restarts(t, 0.5, 1.0, 0.1)),
    "no restart": (schedules.CosineDecayRestarts(0.1, 4, 0.1), lambda t: restarts(t, 0.1, 1.0, 0.0)),
}


@pytest.mark.parametrize("name", CASES)
def test_rates(adapter, name):
    schedule, formula = CASES[name]
    compiled = Compiled(schedule, "schedule")
    for step in STEPS:
        got = adapter.to_numpy(compiled(np.int32(step)))
        # The exponent, the fraction of the cosine and the power multiply relative errors by at most these.
        scale = abs(formula(step)) * (1 + step / 7) if "exponential" in name else abs(formula(step)) + 0.1
        verdict = judge(np.asarray(got), np.asarray(formula(step)), mb.dtypes.float32, c=8, scale=scale)
        assert verdict.passed, (step, verdict.text)


@pytest.mark.parametrize("name", CASES)
def test_arrays_and_numbers_give_the_same(name):
    with mb.use_backend("numpy"):
        schedule, _ = CASES[name]
        assert float(schedule(5)) == float(schedule(np.int32(5))) == float(schedule(mb.Variable(5, trainable=False)))
        mb.config.set_floatx("float64")
        assert np.asarray(schedule(5)).dtype == "float64"
        assert float(schedule(5)) == pytest.approx(CASES[name][1](5), rel=1e-14)
        mb.config.set_floatx("float32")


def test_restarts_at_the_exact_step_everywhere(backend):
    """A logarithm in float32 would put some of these a step late, on some backends."""
    starts = [3 * (2**i - 1) for i in range(24)]
    schedule = Compiled(schedules.CosineDecayRestarts(1.0, 3), "schedule")
    for start in starts[1:]:
        before, at = (float(schedule(np.int32(t))) for t in (start - 1, start))
        assert at == 1.0 and before < 0.3


@pytest.mark.parametrize("name", CASES)
def test_few_equations(name):
    graph = trace(CASES[name][0], Spec((), mb.dtypes.int32)).graph
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
