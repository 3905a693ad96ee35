"""LossScaleOptimizer: float16 losses, other wrappers, arguments; the kit has the scale and the skipped steps."""

from __future__ import annotations

import numpy as np
import pytest

import multiback as mb
from multiback import ops, optimizers
from multiback.backends.compile import Compiled
from multiback.errors import ArgumentError


def state(optimizer) -> tuple[float, int, int]:
    return float(optimizer.dynamic_scale.numpy()), int(optimizer.step_counter), int(optimizer.iterations)


def test_in_one_graph_with_a_float16_loss(adapter):
    """A loss whose gradient vanishes in float16 unless it is scaled."""
    w = mb.Variable(np.array([1.0], "float32"))
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(2.0**20), initial_scale=2.0**15)
    optimizer.build([w])

    def step(x):
        def loss():
            small = ops.cast(ops.cast(w, "float16") * x, "float32")
            return optimizer.scale_loss(ops.sum(small))

        _, gradients = ops.value_and_grad(loss, variables=[w])()
        optimizer.apply(gradients, [w])
        return gradients[0]

    x = np.array([2.0**-24, 2.0**-24], "float16")
    gradient = adapter.to_numpy(Compiled(step)(x))
    np.testing.assert_array_equal(gradient, [2.0**-8])
    np.testing.assert_array_equal(w.numpy(), [1.0 - 2.0**20 * 2.0**-23])


def test_wraps_accumulation_and_averages(backend):
    target = mb.Variable(np.array([1.0], "float32"))
    inner = optimizers.SGD(0.5, gradient_accumulation_steps=2, use_ema=True, ema_momentum=0.5)
    optimizer = optimizers.LossScaleOptimizer(inner, initial_scale=4.0)
    for gradient in (4.0, np.inf, 8.0):
        optimizer.apply([np.array([gradient], "float32")], [target])
    assert target.numpy() == 1.0 - 0.5 * (4.0 / 4.0 + 8.0 / 2.0) / 2
    assert state(optimizer) == (2.0, 1, 1)


def test_before_the_first_step():
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.5, loss_scale_factor=3.0), initial_scale=16.0)
    assert optimizer.scale_loss(2.0) == 32.0
    assert optimizer.inner_optimizer.loss_scale_factor is None
    assert float(optimizer.learning_rate) == 0.5
    optimizer.learning_rate = 0.25
    assert float(optimizer.inner_optimizer.learning_rate) == 0.25


def test_bad_arguments():
    with pytest.raises(ArgumentError, match=r"does not take clipnorm\. Set it on the inner optimizer"):
        optimizers.LossScaleOptimizer(optimizers.SGD(), clipnorm=1.0)
    with pytest.raises(ArgumentError, match="needs an optimizer without loss scaling"):
        optimizers.LossScaleOptimizer(optimizers.LossScaleOptimizer(optimizers.SGD()))


def test_configuration():
    optimizer = optimizers.LossScaleOptimizer(optimizers.Adam(0.5), initial_scale=4.0, dynamic_growth_steps=7)
    rebuilt = optimizers.deserialize(optimizers.serialize(optimizer))
    assert rebuilt.get_config() == optimizer.get_config()
    assert isinstance(rebuilt.inner_optimizer, optimizers.Adam)
