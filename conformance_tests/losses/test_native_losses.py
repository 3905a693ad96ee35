"""Losses and metrics inside the frameworks' own transformations: autograd, jit, vmap, tapes, traced functions."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from multiback import losses, metrics

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import jax
    import tensorflow as tf
    import torch

Y_TRUE = np.array([0, 2, 1], "int32")
LOGITS = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
LOSS = losses.SparseCategoricalCrossentropy(from_logits=True)


def gradient() -> np.ndarray:
    e = np.exp(LOGITS.astype("float64"))
    return (e / e.sum(1, keepdims=True) - np.eye(4)[Y_TRUE]) / 3


def test_torch_autograd() -> None:
    logits = torch.tensor(LOGITS, requires_grad=True)
    LOSS(Y_TRUE, logits).backward()
    assert np.allclose(logits.grad.numpy(), gradient(), atol=1e-6)


def test_jax_jit_grad_and_vmap() -> None:
    found = jax.jit(jax.grad(lambda p: LOSS(Y_TRUE, p)))(LOGITS)
    assert np.allclose(found, gradient(), atol=1e-6)
    many = jax.vmap(lambda p: LOSS(Y_TRUE, p))(np.stack([LOGITS, 2 * LOGITS]))
    one_by_one = [float(LOSS(Y_TRUE, jax.numpy.asarray(p))) for p in (LOGITS, 2 * LOGITS)]
    assert np.allclose(many, one_by_one, rtol=1e-6)


def test_jax_jit_with_metric_state() -> None:
    metric = metrics.SparseCategoricalAccuracy()
    step = jax.jit(metric.stateless_update_state)
    state = [jax.numpy.zeros(()) for _ in metric.variables]
    for _ in range(2):
        state = step(state, Y_TRUE, LOGITS)
    assert float(state[1]) == 6.0
    assert float(metric.stateless_result(state)) == pytest.approx((LOGITS.argmax(-1) == Y_TRUE).mean())
    assert float(metric.count) == 0.0


def test_tensorflow_tape_and_traced_function() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, 4], tf.float32)])
    def differentiated(y_true, logits):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = LOSS(y_true, logits)
        return tape.gradient(value, logits)

    assert np.allclose(differentiated(Y_TRUE, LOGITS).numpy(), gradient(), atol=1e-6)
