"""Optimizers by name and by configuration; their state saved, loaded, moved; several optimizers in one."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import multiback as mb
from multiback import optimizers
from multiback.errors import ArgumentError, SavingError, ShapeError, StateError

KINDS = [
    "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "Muon", "Nadam", "RMSprop",
    "SGD", "ScheduleFreeAdamW",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_configurations(kind):
    for name in (kind, kind.lower(), kind.upper()):
        assert type(optimizers.get(name)).__name__ == kind
    settings = {"clipvalue": 2.0, "use_ema": True, "ema_momentum": 0.5, "loss_scale_factor": 4.0, "name": "mine"}
    optimizer = getattr(optimizers, kind)(learning_rate=0.25, weight_decay=0.5, **settings)
    config = optimizers.serialize(optimizer)
    for rebuilt in (optimizers.deserialize(config), optimizers.get(config), copy.deepcopy(optimizer)):
        assert type(rebuilt) is type(optimizer)
        assert rebuilt.get_config() == optimizer.get_config()
    assert config["config"]["learning_rate"] == 0.25


def test_schedule_in_a_configuration():
    optimizer = optimizers.Adam(optimizers.schedules.CosineDecay(0.1, 100))
    rebuilt = optimizers.deserialize(optimizers.serialize(optimizer))
    assert rebuilt.get_config() == optimizer.get_config()
    assert len(rebuilt.variables) == 1


def test_unknown_names_and_arguments():
    with pytest.raises(ArgumentError, match="Did you mean 'adam'"):
        optimizers.get("adamm")
    with pytest.raises(ArgumentError, match=r"SGD has no argument 'learning_rat'\. Did you mean 'learning_rate'"):
        optimizers.SGD(learning_rat=0.1)
    with pytest.raises(ArgumentError, match="An optimizer is given by name"):
        optimizers.get(3)
    with pytest.raises(ArgumentError, match="takes as learning_rate a float"):
        optimizers.SGD("0.1")
    for bad, message in [
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "clipped in one way, but clipnorm and clipvalue"),
        ({"clipnorm": -1.0}, "clipnorm must be above 0"),
        ({"gradient_accumulation_steps": 1}, "at least 2, got 1"),
        ({"use_ema": True, "ema_momentum": 1.5}, "between 0 and 1, got 1.5"),
        ({"use_ema": True, "ema_overwrite_frequency": 0.5}, "at least 1, got 0.5"),
        ({"momentum": 2.0}, "momentum between 0 and 1, got 2.0"),
    ]:
        with pytest.raises(ArgumentError, match=message):
            optimizers.SGD(0.1, **bad)
    with pytest.raises(ArgumentError, match="AdamW needs weight_decay as a number"):
        optimizers.AdamW(weight_decay=None)


def built(kind: str = "Adam", **settings) -> tuple[list[mb.Variable], optimizers.Optimizer]:
    variables = [mb.Variable(np.ones((2, 3), "float32")), mb.Variable(np.ones(3, "float32"))]
    optimizer = getattr(optimizers, kind)(0.125, **settings)
    optimizer.build(variables)
    return variables, optimizer


def test_state_saved_and_loaded(backend):
    variables, optimizer = built()
    gradients = [np.ones((2, 3), "float32"), np.arange(3, dtype="float32")]
    optimizer.apply(gradients)
    store: dict[str, np.ndarray] = {}
    optimizer.save_own_variables(store)
    assert list(store) == [str(i) for i in range(6)]
    others, fresh = built()
    fresh.load_own_variables(store)
    for a, b in zip(variables, others):
        b.assign(a.numpy())
    for each in (optimizer, fresh):
        each.apply(gradients)
    for a, b in zip([*variables, *optimizer.variables], [*others, *fresh.variables], strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_wrong_state_changes_nothing():
    _, optimizer = built()
    store: dict[str, np.ndarray] = {}
    optimizer.save_own_variables(store)
    with pytest.raises(SavingError, match=r"has 6 variables for Adam, which has 2\. Build it first"):
        optimizers.Adam().load_own_variables(store)
    store["0"], store["5"] = np.asarray(7), np.zeros(4)
    with pytest.raises(SavingError, match=r"has shape \(3,\), in the file \(4,\)"):
        optimizer.load_own_variables(store)
    with pytest.raises(ShapeError, match=r"has shape \(3,\), got \(4,\)"):
        optimizer.set_weights(list(store.values()))
    assert int(optimizer.iterations) == 0
    with pytest.raises(StateError, match="needs a built optimizer"):
        optimizers.Adam().set_weights([])


def test_training_moves_between_backends_and_processes():
    """The same steps on one backend throughout, on another after each step, and after pickling."""
    gradients = [np.ones((2, 3), "float32"), np.arange(3, dtype="float32")]
    variables, optimizer = built(amsgrad=True)
    others, wandering = built(amsgrad=True)
    for name in ("numpy", "torch", "jax", "tensorflow"):
        with mb.use_backend("numpy"):
            optimizer.apply(gradients)
        adapter = mb.backends.registry.get_adapter(name)
        for variable in (*others, *wandering.variables):
            variable.cell(adapter)
        wandering.apply(gradients)
        others, wandering = pickle.loads(pickle.dumps((others, wandering)))
    for a, b in zip([*variables, *optimizer.variables], [*others, *wandering.variables], strict=True):
        np.testing.assert_allclose(b.numpy(), a.numpy(), rtol=1e-6)


def test_constructor_without_super():
    class Forgetful(optimizers.Optimizer):
        def __init__(self):
            self.rate = 1.0

    with pytest.raises(StateError, match="must call super"):
        Forgetful()


def test_several_optimizers(backend):
    kernel, bias = mb.Variable([1.0], path="dense/kernel"), mb.Variable([1.0], path="dense/bias")
    mapping = optimizers.OptimizerMap(optimizers.SGD(0.5), {".*/bias": optimizers.SGD(0.25, momentum=0.5)})
    optimizer = optimizers.MultiOptimizer(mapping, loss_scale_factor=2.0)
    assert optimizer.scale_loss(1.0) == 2.0
    for _ in range(2):
        optimizer.apply([np.array([2.0]), np.array([2.0])], [kernel, bias])
    assert kernel.numpy() == 0.0 and bias.numpy() == 1.0 - 0.25 - 0.375
    assert int(optimizer.iterations) == 2
    assert len(optimizer.variables) == 2 + 2 + 3
    with pytest.raises(AttributeError, match="no learning rate of its own"):
        _ = optimizer.learning_rate
    rebuilt = optimizers.deserialize(optimizers.serialize(optimizer))
    assert rebuilt.get_config() == optimizer.get_config()


def test_optimizer_map():
    default, first = optimizers.SGD(), optimizers.Adam()
    mapping = optimizers.OptimizerMap(default, {"a/.*": first})
    assert mapping["a/x"] is first and mapping["b"] is default and list(mapping) == ["a/.*"]
    with pytest.raises(ArgumentError, match="is in the OptimizerMap already"):
        mapping["a/.*"] = default
    mapping[".*/x"] = default
    with pytest.raises(ArgumentError, match="matches several keys"):
        mapping["a/x"]
    with pytest.raises(ArgumentError, match="holds optimizers that update variables themselves"):
        mapping["c"] = optimizers.LossScaleOptimizer(default)
