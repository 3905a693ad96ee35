"""Layers that are computed again for the gradient: the same numbers, with less kept in between."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers, ops
from multiback.errors import ArgumentError
from multiback.graph.ir import Graph

X = np.random.default_rng(0).normal(size=(8, 12)).astype("float32")
Y = np.random.default_rng(1).normal(size=(8, 3)).astype("float32")


def model(scope: Any) -> mb.Model:
    mb.random.set_seed(0)
    with scope:
        hidden = [layers.Dense(16, activation="gelu", activity_regularizer="l2", name=f"hidden_{i}") for i in range(2)]
        kept = [layers.BatchNormalization(name="norm"), layers.Dropout(0.2, name="drop")]
    inputs = layers.Input((12,))
    made = mb.Sequential([inputs, hidden[0], kept[0], hidden[1], kept[1], layers.Dense(3, name="last")], name="same")
    made.compile(mb.optimizers.SGD(0.1), "mse")
    return made


def step(made: mb.Model) -> Graph:
    return next(iter(made._steps["train_step"]._programs.values())).trace.graph


def recomputed(graph: Graph) -> list[str]:
    return [e.scope.rpartition("/")[2] for e in graph.walk() if e.op.name == "remat"]


def trained(scope: Any) -> tuple[list[np.ndarray], list[float], list[str]]:
    made = model(scope)
    history = made.fit(X, Y, batch_size=4, epochs=2, verbose=0, shuffle=False)
    return made.get_weights(), history.history["loss"], recomputed(step(made))


def test_training_is_the_same(backend: str) -> None:
    plain, losses, none = trained(contextlib.nullcontext())
    again, again_losses, found = trained(mb.RematScope("full"))
    assert not none
    assert found == ["hidden_0", "norm", "hidden_1", "drop"]
    np.testing.assert_allclose(again_losses, losses, rtol=1e-5)
    for a, b in zip(again, plain):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        (mb.RematScope("list_of_layers", layer_names=["hidden_1"]), ["hidden_1"]),
        (mb.RematScope("larger_than", output_size_threshold=15), ["hidden_0", "norm", "hidden_1", "drop"]),
        (mb.RematScope("larger_than", output_size_threshold=16), []),
        (mb.RematScope("activations"), ["hidden_0", "hidden_1"]),
        (mb.RematScope(None), []),
    ],
)
def test_a_scope_chooses_the_layers(scope: mb.RematScope, found: list[str]) -> None:
    made = model(scope)
    made.fit(X, Y, batch_size=4, verbose=0)
    assert recomputed(step(made)) == found


def test_a_model_hands_it_down() -> None:
    with mb.RematScope("full"):
        made = mb.Sequential([layers.Input((12,)), layers.Dense(4, name="inner"), layers.Dense(3, name="outer")])
    made.compile("sgd", "mse")
    made.fit(X, Y, verbose=0)
    assert recomputed(step(made)) == ["inner", "outer"]


def test_second_derivatives(backend: str) -> None:
    def curvature(function: Any) -> Any:
        def first(x: Any) -> Any:
            return ops.sum(ops.grad(lambda x: ops.sum(function(x)))(x))

        return mb.function(lambda x: ops.stop_gradient(ops.grad(first)(x)))(X)

    def wave(x: Any) -> Any:
        return ops.sin(x * x) * x

    a, b = (np.asarray(curvature(f)) for f in (wave, mb.remat(wave)))
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-4)


def test_errors() -> None:
    with pytest.raises(ArgumentError, match="has no mode 'some'"):
        mb.RematScope("some")
    with pytest.raises(ArgumentError, match="needs layer_names"):
        mb.RematScope("list_of_layers")
