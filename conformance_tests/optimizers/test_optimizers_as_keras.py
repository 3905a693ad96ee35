"""Optimizers and schedules against Keras itself: same names, defaults, configurations, state and steps."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import multiback as mb
from multiback import optimizers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import jax
    import keras
    from keras.src.backend.common import dtypes as promotions

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

KINDS = [
    "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "Muon", "Nadam", "RMSprop",
    "SGD", "ScheduleFreeAdamW",
]  # fmt: skip
COMMON = [
    {"clipnorm": 0.7},
    {"global_clipnorm": 1.5, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 2},
    {"clipvalue": 0.4, "gradient_accumulation_steps": 2, "loss_scale_factor": 4.0},
]
OWN = {
    "SGD": [{"momentum": 0.9, "nesterov": True}],
    "Adam": [{"amsgrad": True}],
    "RMSprop": [{"momentum": 0.5, "centered": True}],
    "Ftrl": [{"l1_regularization_strength": 0.1, "l2_regularization_strength": 0.2, "beta": 0.3,
              "l2_shrinkage_regularization_strength": 0.05}],
    "ScheduleFreeAdamW": [{"warmup_steps": 3}],
    "Muon": [{"nesterov": False, "rms_rate": None, "exclude_layers": ["x0"]}],
}  # fmt: skip
CASES = [(kind, settings) for kind in KINDS for settings in [{"weight_decay": 0.1}, *OWN.get(kind, ())]]
CASES += [(kind, settings) for kind in ("SGD", "Adam", "Nadam") for settings in COMMON]
SHAPES = [(3, 4), (4,)]


@pytest.fixture
def double(monkeypatch):
    """Both compute in float64; on JAX, Keras rounds to float32 unless its table of promotions says otherwise."""
    monkeypatch.setitem(promotions.BIT64_TO_BIT32_DTYPE, "float64", "float64")
    mb.config.set_floatx("float64")
    keras.config.set_floatx("float64")
    with jax.enable_x64(True):
        yield
    mb.config.set_floatx("float32")
    keras.config.set_floatx("float32")


def values(seed: int, dtype: str = "float64") -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(dtype) for shape in SHAPES]


def both(kind: str, settings: dict, dtype: str):
    """Keras's and our optimizer with variables of the same values."""
    theirs = [keras.Variable(x, name=f"x{i}") for i, x in enumerate(values(0, dtype))]
    ours = [mb.Variable(x, name=f"x{i}") for i, x in enumerate(values(0, dtype))]
    make = {"learning_rate": 0.05, **settings}
    return getattr(keras.optimizers, kind)(**make), theirs, getattr(optimizers, kind)(**make), ours


@pytest.mark.parametrize(("kind", "settings"), CASES, ids=[f"{k}-{'-'.join(s)}" for k, s in CASES])
def test_same_steps_and_state_in_float64(double, kind, settings):
    peer, theirs, optimizer, ours = both(kind, settings, "float64")
    peer.build(theirs)
    step = jax.jit(peer.stateless_apply)
    weights, state = [v.value for v in theirs], [v.value for v in peer.variables]
    with mb.use_backend("numpy"):
        for t in range(4):
            weights, state = step(state, values(10 + t), weights)
            optimizer.apply(values(10 + t), ours)
            for want, got in zip([*weights, *state], [*ours, *optimizer.variables], strict=True):
                assert np.shape(want) == got.shape
                np.testing.assert_allclose(got.numpy(), np.asarray(want), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_same_step_in_float32(kind):
    """Keras rounds 1 - beta ** t in float32, which is off by up to 1000 u of the step at first."""
    peer, theirs, optimizer, ours = both(kind, {}, "float32")
    gradients = values(10, "float32")
    peer.apply(gradients, theirs)
    with mb.use_backend("numpy"):
        optimizer.apply(gradients, ours)
    for before, want, got in zip(values(0, "float32"), theirs, ours):
        step = np.abs(want.numpy() - before)
        bound = 2.0**-24 * (4 * np.abs(before) + 1100 * step)
        assert np.all(np.abs(got.numpy() - want.numpy()) <= bound)


@pytest.mark.parametrize("kind", KINDS)
def test_same_configuration(kind):
    settings = {"learning_rate": 0.25, "clipnorm": 2.0, "gradient_accumulation_steps": 3}
    peer, optimizer = getattr(keras.optimizers, kind)(**settings), getattr(optimizers, kind)(**settings)
    want = keras.optimizers.serialize(peer)
    got = optimizers.serialize(optimizer)
    want["config"]["name"] = got["config"]["name"]
    assert got == {**want, "module": "keras.optimizers"}
    rebuilt = keras.saving.deserialize_keras_object(optimizers.serialize(optimizer))
    assert type(rebuilt) is type(peer) and rebuilt.get_config() == got["config"]
    assert optimizers.deserialize(want).get_config() == got["config"]


def test_same_defaults():
    for kind in KINDS:
        want, got = getattr(keras.optimizers, kind)().get_config(), getattr(optimizers, kind)().get_config()
        assert {**got, "name": ""} == {**want, "name": ""}, kind


def test_same_loss_scaling():
    settings = {"initial_scale": 64.0, "dynamic_growth_steps": 2}
    peer = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.125), **settings)
    optimizer = optimizers.LossScaleOptimizer(optimizers.Adam(0.125), **settings)
    theirs = [keras.Variable(x) for x in values(0, "float32")]
    ours = [mb.Variable(x) for x in values(0, "float32")]
    with mb.use_backend("numpy"):
        peer.build(theirs)
        state, step = ([v.value for v in theirs], [v.value for v in peer.variables]), jax.jit(peer.stateless_apply)
        for t, bad in enumerate([None, np.inf, None, None, None, np.nan, None]):
            gradients = [64 * g for g in values(10 + t, "float32")]
            if bad is not None:
                gradients[1][2] = bad
            state = step(state[1], gradients, state[0])
            optimizer.apply(gradients, ours)
            for want, got in zip([*state[0], *state[1]], [*ours, *optimizer.variables], strict=True):
                np.testing.assert_allclose(got.numpy(), np.asarray(want), rtol=1e-4, atol=1e-5)
    assert int(optimizer.iterations) == 5
    want, got = keras.optimizers.serialize(peer), optimizers.serialize(optimizer)
    assert got["config"]["inner_optimizer"]["config"].keys() == want["config"]["inner_optimizer"]["config"].keys()
    assert optimizers.deserialize(want).get_config()["initial_scale"] == 64.0


SCHEDULES = [
    ("ExponentialDecay", (0.1, 7, 0.9), {}),
    ("ExponentialDecay", (0.1, 7, 0.9), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 7, 0.5), {}),
    ("InverseTimeDecay", (0.1, 7, 0.5), {"staircase": True}),
    ("PolynomialDecay", (0.1, 9), {}),
    ("PolynomialDecay", (0.1, 9), {"power": 2.5, "end_learning_rate": 0.02, "cycle": True}),
    ("PiecewiseConstantDecay", ([3, 8], [0.3, 0.2, 0.1]), {}),
    ("CosineDecay", (0.1, 9), {"alpha": 0.2}),
    ("CosineDecay", (0.01, 9), {"warmup_target": 0.1, "warmup_steps": 4}),
    ("CosineDecayRestarts", (0.1, 4), {"m_mul": 0.8, "alpha": 0.1}),
    ("CosineDecayRestarts", (0.1, 4), {"t_mul": 1.0, "m_mul": 0.5}),
    ("CosineDecayRestarts", (0.1, 4), {"t_mul": 1.5}),
]


@pytest.mark.parametrize(("kind", "arguments", "settings"), SCHEDULES)
def test_same_schedule(double, kind, arguments, settings):
    peer = getattr(keras.optimizers.schedules, kind)(*arguments, **settings)
    schedule = getattr(optimizers.schedules, kind)(*arguments, **settings)
    steps = [*range(10), 13, 27, 28, 29]
    with mb.use_backend("numpy"):
        got = [float(schedule(step)) for step in steps]
    # Compiled, Keras restarts a step late at step 28: it counts periods by a logarithm, which is rounded.
    rate = peer if kind == "CosineDecayRestarts" else jax.jit(peer)
    want = [float(rate(step)) for step in steps]
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)
    assert optimizers.schedules.serialize(schedule) == keras.optimizers.schedules.serialize(peer)
    rebuilt = optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(peer))
    assert rebuilt.get_config() == schedule.get_config()
