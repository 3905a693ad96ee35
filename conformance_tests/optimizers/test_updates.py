"""Every optimizer's steps, on every backend, against the formulas in NumPy float64."""

from __future__ import annotations

import numpy as np
import pytest
from optimizer_reference import Reference

import multiback as mb
from multiback import optimizers
from multiback.testing.judge import judge

SHAPES = [(3, 4), (2, 3, 2), ()]
CASES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "beta_2": 0.5, "epsilon": 1e-3}),
    ("AdamW", {"weight_decay": 0.1}),
    ("RMSprop", {}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.9, "rho": 0.8, "centered": True}),
    ("Adagrad", {"initial_accumulator_value": 0.3}),
    ("Adadelta", {"rho": 0.8}),
    ("Adamax", {}),
    ("Nadam", {}),
    ("Lion", {}),
    ("Lamb", {}),
    ("Ftrl", {"l1_regularization_strength": 0.2, "l2_regularization_strength": 0.1, "beta": 0.1,
              "l2_shrinkage_regularization_strength": 0.05}),
    ("Ftrl", {"learning_rate_power": -0.3}),
    ("Adafactor", {}),
    ("ScheduleFreeAdamW", {"warmup_steps": 3}),
    ("Muon", {"weight_decay": None, "adam_weight_decay": None}),
    ("Muon", {"weight_decay": None, "adam_weight_decay": None, "nesterov": False, "rms_rate": None}),
]  # fmt: skip
NAMES = [f"{kind}-{'-'.join(map(str, settings))}" for kind, settings in CASES]


def values(seed: int, dtype: str = "float64") -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.normal(size=shape), dtype) for shape in SHAPES]


def reference_settings(settings: dict) -> dict:
    return {k: v for k, v in settings.items() if k != "adam_weight_decay"}


@pytest.fixture
def double():
    mb.config.set_floatx("float64")
    yield
    mb.config.set_floatx("float32")


@pytest.mark.parametrize(("kind", "settings"), CASES, ids=NAMES)
def test_five_steps_in_float64(backend, double, kind, settings):
    variables = [mb.Variable(x, name=f"x{i}") for i, x in enumerate(values(0))]
    optimizer = getattr(optimizers, kind)(learning_rate=0.1, **settings)
    reference = Reference(kind, values(0), 0.1, **reference_settings(settings))
    for t in range(5):
        gradients = values(10 + t)
        optimizer.apply(gradients, variables)
        reference.step(gradients)
        for variable, want in zip(variables, reference.variables):
            verdict = judge(variable.numpy(), want, variable.dtype, c=2**7, scale=1 + np.abs(want))
            assert verdict.passed, (t, verdict.text)
    assert int(optimizer.iterations) == 5


@pytest.mark.parametrize(("kind", "settings"), CASES, ids=NAMES)
def test_two_steps_in_float32(backend, kind, settings):
    """From variables at 0 the first step shows all its digits; gradients of one sign keep sums from cancelling."""
    batches = [[np.asarray(np.abs(x) + 0.5, "float32") for x in values(seed)] for seed in (1, 2)]
    begin = batches[0] if kind == "Lamb" else [np.zeros_like(x) for x in batches[0]]
    variables = [mb.Variable(x) for x in begin]
    optimizer = getattr(optimizers, kind)(learning_rate=0.125, **settings)
    reference = Reference(kind, begin, 0.125, **reference_settings(settings))
    for gradients in batches:
        optimizer.apply(gradients, variables)
        reference.step(gradients)
        for variable, before, want in zip(variables, begin, reference.variables):
            scale = np.abs(before) + np.abs(want - before) * condition(kind, settings)
            verdict = judge(variable.numpy(), want, variable.dtype, c=12, scale=scale)
            assert verdict.passed, verdict.text


def condition(kind: str, settings: dict) -> float:
    """How much more than itself a step is off for a relative error u in what it is made of."""
    if settings.get("centered"):
        return 12.0  # v - mean ** 2 cancels: at most (v + mean ** 2) / (v - mean ** 2) for the gradients drawn here
    if kind == "Muon":
        return 60.0  # five times the cubic and quintic terms, each with coefficients up to 4.775
    return 1.0
