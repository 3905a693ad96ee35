"""Activation functions with an instruction or a derivative of their own in JAX; XLA fuses the bodies of the others.

XLA's CPU kernels for convolutions and products take a bias and maxima in, but no selections. So the rectified units are
written as extrema, and their gradients look at the results, which then are all that is kept for the way back.
"""

import functools

import jax
import jax.numpy as jnp

from multiback.backends.protocol import Fast


@jax.custom_jvp
def relu(x):
    return jnp.maximum(x, 0)


@relu.defjvp
def _(primals, tangents):
    y = relu(*primals)
    return y, jnp.where(y <= 0, 0, tangents[0])


@jax.custom_jvp
def relu6(x):
    return jnp.minimum(jnp.maximum(x, 0), 6)


@relu6.defjvp
def _(primals, tangents):
    y = relu6(*primals)
    return y, jnp.where((y <= 0) | (y >= 6), 0, tangents[0])


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _leaky_relu(x, negative_slope):
    return jnp.maximum(x, x * negative_slope)


@_leaky_relu.defjvp
def _(negative_slope, primals, tangents):
    y = _leaky_relu(*primals, negative_slope)
    return y, jnp.where(y > 0, tangents[0], tangents[0] * negative_slope)


def leaky_relu(x, *, negative_slope):
    return _leaky_relu(x, negative_slope)


FAST = {
    "relu": Fast(relu),
    "relu6": Fast(relu6),
    "leaky_relu": Fast(leaky_relu, when=lambda equation: 0 < equation.attributes["negative_slope"] <= 1),
    "sigmoid": Fast("lax.logistic({x})"),
    "softmax": Fast("jax.nn.softmax({x}, {axis})"),
    "log_softmax": Fast("jax.nn.log_softmax({x}, {axis})"),
}
