"""Native in, native out: layers and models called on a framework's own arrays, differentiated by that framework."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import multiback as mb
from multiback import layers, ops
from multiback.backends.registry import get_adapter
from multiback.errors import StateError

X = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")


def model() -> mb.Model:
    mb.random.set_seed(0)
    return mb.Sequential(
        [layers.Input((6,)), layers.Dense(8, "tanh"), layers.BatchNormalization(), layers.Dense(2)], name="net"
    )


def expected() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Output, gradient for the input, and gradients for the weights of sum(output * output), on the reference."""
    net = model()
    with mb.use_backend("numpy"):
        both = mb.function(lambda x: ops.grad(lambda v: ops.sum(ops.square(net(v))))(x), backend="numpy")
        weights = mb.function(
            lambda x: ops.grad(lambda: ops.sum(ops.square(net(x))), variables=net.trainable_variables)(),
            backend="numpy",
        )
        return np.asarray(net(X)), both(X), weights(X)


def close(got: Any, want: np.ndarray) -> None:
    np.testing.assert_allclose(np.asarray(got), want, rtol=2e-5, atol=2e-6)


def test_torch() -> None:
    import torch

    y, x_bar, w_bar = expected()
    net, x = model(), torch.tensor(X, requires_grad=True)
    out = net(x)
    assert isinstance(out, torch.Tensor)
    close(out.detach(), y)
    (out * out).sum().backward()
    close(x.grad, x_bar)
    for variable, gradient in zip(net.trainable_variables, w_bar):
        close(variable.value.grad, gradient)
    # The weights that torch sees are the weights: an optimizer of torch trains the model.
    torch.optim.SGD([v.value for v in net.trainable_variables], lr=0.1).step()
    assert not np.allclose(net(X).detach(), y)


def test_jax() -> None:
    import jax
    import jax.numpy as jnp

    y, x_bar, w_bar = expected()
    net, x = model(), jnp.asarray(X)
    assert isinstance(net(x), jax.Array)
    close(net(x), y)
    close(jax.jit(net)(x), y)
    close(jax.grad(lambda v: jnp.sum(net(v) ** 2))(x), x_bar)
    close(jax.vmap(lambda row: net(row[None])[0])(x), y)
    state = [v.value for v in net.non_trainable_variables]
    weights = [v.value for v in net.trainable_variables]
    gradients = jax.jit(jax.grad(lambda w: jnp.sum(net.stateless_call(w, state, x)[0] ** 2)))(weights)
    for gradient, want in zip(gradients, w_bar):
        close(gradient, want)


def test_tensorflow() -> None:
    import tensorflow as tf

    y, x_bar, w_bar = expected()
    net, x = model(), tf.constant(X)
    assert isinstance(net(x), tf.Tensor)
    weights = [v.value for v in net.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(net(x) ** 2)
    gradients = tape.gradient(loss, [x, *weights])
    for gradient, want in zip(gradients, [x_bar, *w_bar]):
        close(gradient, want)
    compiled = tf.function(lambda v: net(v), input_signature=[tf.TensorSpec((None, 6), tf.float32)])
    close(compiled(x), y)
    close(compiled(x[:2]), y[:2])


def test_ops_on_native_arrays(backend: str) -> None:
    adapter = get_adapter(backend)
    x = adapter.from_numpy(X)
    y = ops.softmax(ops.matmul(x, np.ones((6, 3), "float32")) + 1)
    assert adapter.is_native(y)
    assert type(y) is type(ops.exp(x))
    np.testing.assert_allclose(adapter.to_numpy(ops.sum(y, axis=-1)), np.ones(5), rtol=1e-6)


def test_statistics_move_in_training_and_not_otherwise(backend: str) -> None:
    net, adapter = model(), get_adapter(backend)
    x = adapter.from_numpy(X)
    before = [v.numpy() for v in net.non_trainable_weights]
    net(x, training=False)
    for a, v in zip(before, net.non_trainable_weights):
        np.testing.assert_array_equal(a, v.numpy())
    net(x, training=True)
    assert all(not np.array_equal(a, v.numpy()) for a, v in zip(before, net.non_trainable_weights))


def test_a_state_that_would_leak_from_a_trace_is_an_error() -> None:
    import jax

    net = model()
    with pytest.raises(StateError, match="stateless_call"):
        jax.jit(lambda v: net(v, training=True))(X)


def test_arrays_of_two_frameworks_do_not_mix() -> None:
    import jax.numpy as jnp
    import torch

    with pytest.raises(StateError, match="Arrays of jax and torch meet"):
        ops.add(torch.tensor(X), jnp.asarray(X))
