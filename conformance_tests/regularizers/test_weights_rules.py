"""Regularizers, constraints and activations: Variables, names, configurations and lookup as in Keras."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from multiback import activations, constraints, ops, regularizers
from multiback.backends.compile import Compiled
from multiback.backends.registry import owner
from multiback.errors import ArgumentError, ShapeError, UnknownNameError
from multiback.testing.cases.constraints import RULES
from multiback.testing.cases.regularizers import PENALTIES
from multiback.testing.cases.regularizers import WEIGHT as W
from multiback.variables import Variable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras

U32 = 2.0**-24


def host(x) -> np.ndarray:
    return np.asarray(owner(x).to_numpy(x), "float64")


def test_penalties_of_variables(backend: str) -> None:
    weight = Variable(W, name="w")
    for penalty in PENALTIES:
        regularizer = getattr(regularizers, penalty.name)(**penalty.arguments)
        found = regularizer(weight)
        assert owner(found).dtype(found) == "float32"
        assert abs(host(found) - penalty.value(W.astype("float64"))) <= 16 * U32 * max(host(found), 0.3)
    compiled = Compiled(lambda x: regularizers.L2(0.5)(weight) * x, "penalty")(np.ones((1,), "float32"))
    assert abs(host(compiled)[0] - 0.5 * (W.astype("float64") ** 2).sum()) <= 16 * U32 * host(compiled)[0]


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "a", True])
def test_factors_are_checked(value) -> None:
    for make in (regularizers.L1, regularizers.L2, regularizers.OrthogonalRegularizer):
        with pytest.raises(ArgumentError, match="finite number of at least 0"):
            make(value)


def test_orthogonal_regularizer_refuses_what_has_no_pairs() -> None:
    with pytest.raises(ShapeError, match="expects a matrix"):
        regularizers.OrthogonalRegularizer()(np.ones((2, 2, 2)))
    with pytest.raises(ShapeError, match="at least two rows"):
        regularizers.OrthogonalRegularizer()(np.ones((1, 2)))
    with pytest.raises(ArgumentError, match="'rows' or 'columns'"):
        regularizers.OrthogonalRegularizer(mode="row")


def test_constraints_of_variables(backend: str) -> None:
    found = host(constraints.MaxNorm(1.5)(Variable(W, name="w")))
    assert np.allclose(found, RULES[0].value(W.astype("float64")), rtol=1e-6)


ITEMS = [getattr(regularizers, p.name)(**p.arguments) for p in PENALTIES]
ITEMS += [getattr(constraints, r.name)(**r.arguments) for r in RULES]


@pytest.mark.parametrize("item", ITEMS, ids=lambda x: type(x).__name__)
def test_configurations_are_those_of_keras(item) -> None:
    name = type(item).__name__
    ours, theirs = (
        (regularizers, keras.regularizers)
        if isinstance(item, regularizers.Regularizer)
        else (constraints, keras.constraints)
    )
    config = ours.serialize(item)
    peer = getattr(theirs, name)(**item.get_config())
    assert theirs.serialize(peer)["class_name"] == name
    assert config.keys() == theirs.serialize(peer).keys()
    assert config["module"] == theirs.serialize(peer)["module"]
    for key, value in peer.get_config().items():
        assert item.get_config()[key] == (value if isinstance(value, str | tuple) else pytest.approx(value, rel=1e-6))
    assert ours.deserialize(config).get_config() == item.get_config()
    assert type(ours.deserialize(theirs.serialize(peer))) is type(item)


@pytest.mark.parametrize("name", ["l1", "l2", "l1l2", "L1", "L1L2", "orthogonal_regularizer"])
def test_regularizers_by_name(name: str) -> None:
    assert type(regularizers.get(name)).__name__ == type(keras.regularizers.get(name)).__name__


@pytest.mark.parametrize("name", ["max_norm", "non_neg", "unit_norm", "min_max_norm", "MaxNorm"])
def test_constraints_by_name(name: str) -> None:
    assert type(constraints.get(name)).__name__ == type(keras.constraints.get(name)).__name__


def test_unknown_names_and_none() -> None:
    assert regularizers.get(None) is constraints.get(None) is None
    with pytest.raises(UnknownNameError, match="Did you mean 'l1l2'"):
        regularizers.get("l1l22")
    with pytest.raises(UnknownNameError, match="constraint"):
        constraints.get("positive")


def test_activations_by_name() -> None:
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.silu
    assert activations.get("hard_swish") is activations.hard_silu
    assert activations.get(ops.tanh) is ops.tanh
    for name in activations.__all__:
        function = getattr(activations, name)
        if name in ("get", "serialize", "deserialize"):
            continue
        assert activations.get(name) is function
        assert activations.serialize(function) == keras.activations.serialize(getattr(keras.activations, name))
        assert activations.deserialize(activations.serialize(function)) is function
    with pytest.raises(UnknownNameError, match="Did you mean 'sigmoid'"):
        activations.get("sigmoida")
