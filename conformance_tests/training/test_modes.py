"""Running eagerly, and in other precisions: the same numbers, and the dtypes that the policy says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers, ops

X = np.random.default_rng(0).normal(size=(48, 6)).astype("float32")
Y = (X[:, 0] > 0).astype("int32")


def build(backend: str, policy: str = "float32", **options: Any) -> mb.Model:
    mb.random.set_seed(0)
    x = inputs = layers.Input((6,), name="features")
    x = layers.Dense(8, "relu", dtype=policy)(x)
    x = layers.Dropout(0.3, dtype=policy)(layers.BatchNormalization(dtype=policy)(x))
    model = mb.Model(inputs, layers.Dense(2, dtype=policy)(x), name="net")
    model.dtype_policy = mb.dtype_policies.get(policy)
    loss = mb.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"], backend=backend, **options)
    return model


def test_eager_steps_are_the_compiled_steps(backend: str) -> None:
    eager, compiled = build(backend, run_eagerly=True), build(backend)
    histories = [m.fit(X, Y, batch_size=16, epochs=2, verbose=0).history for m in (eager, compiled)]
    np.testing.assert_allclose(histories[0]["loss"], histories[1]["loss"], rtol=1e-5)
    for a, b in zip(eager.get_weights(), compiled.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(eager.predict(X, verbose=0), compiled.predict(X, verbose=0), rtol=1e-4, atol=1e-4)


def test_eager_layers_see_arrays(backend: str) -> None:
    seen = []

    class Spy(layers.Layer):
        def call(self, inputs: Any) -> Any:
            seen.append(inputs)
            return inputs

    inputs = layers.Input((6,))
    model = mb.Model(inputs, Spy()(inputs))
    seen.clear()
    model.compile(loss="mse", backend=backend, run_eagerly=True)
    model.evaluate(X, X, batch_size=48, verbose=0)
    np.testing.assert_array_equal(np.asarray(seen[0]), X)


@pytest.mark.parametrize(
    ("policy", "variable", "compute"),
    [
        ("float64", "float64", "float64"),
        ("mixed_bfloat16", "float32", "bfloat16"),
        ("mixed_float16", "float32", "float16"),
    ],
)
def test_policies(backend: str, policy: str, variable: str, compute: str) -> None:
    model = build(backend, policy)
    assert {str(v.dtype) for v in model.trainable_weights} == {variable}
    assert {str(model.get_layer(index=1).compute_dtype)} == {compute}
    losses = model.fit(X, Y, batch_size=16, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.predict(X, verbose=0).dtype.name == compute
    with mb.use_backend("numpy"):
        same = build("numpy", policy).fit(X, Y, batch_size=16, epochs=1, verbose=0).history["loss"]
    np.testing.assert_allclose(losses[0], same[0], rtol={"float64": 1e-6}.get(policy, 0.05))


def test_loss_scaling_is_automatic(backend: str) -> None:
    assert isinstance(build(backend, "mixed_float16").optimizer, mb.optimizers.LossScaleOptimizer)
    assert not isinstance(build(backend, "mixed_bfloat16").optimizer, mb.optimizers.LossScaleOptimizer)


def test_a_training_step_of_ones_own(backend: str) -> None:
    class Own(mb.Model):
        def train_step(self, data: Any) -> Any:
            x, y, _ = data

            def loss() -> Any:
                return ops.mean(ops.square(self(x, training=True)[:, 0] - ops.cast(y, "float32")))

            value, gradients = ops.value_and_grad(loss, variables=self.trainable_variables)()
            self.optimizer.apply(gradients, self.trainable_variables)
            return {"own": value}

    mb.random.set_seed(0)
    inputs = layers.Input((6,))
    model = Own(inputs, layers.Dense(1)(inputs))
    assert type(model).__name__ == "Own"
    model.compile(mb.optimizers.SGD(0.1), backend=backend)
    losses = model.fit(X, Y, batch_size=16, epochs=4, verbose=0).history["own"]
    assert losses[-1] < losses[0]
