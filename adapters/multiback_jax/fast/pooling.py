"""Pooling over axes of symbolic size, by strided slices; where sizes are known the bodies already do that."""

import functools

import jax.numpy as jnp
from jax import lax

from multiback.backends.protocol import Fast


def max_pool(inputs, *, pool_size, strides, padding, data_format):
    def larger(a, b):
        return jnp.where((b > a) | (b != b), b, a)

    lowest = -jnp.inf if jnp.issubdtype(inputs.dtype, jnp.floating) else jnp.iinfo(inputs.dtype).min
    return pooled(larger, lowest, inputs, pool_size, strides, padding, data_format)


def average_pool(inputs, *, pool_size, strides, padding, data_format):
    ones = jnp.ones(
        (1, *inputs.shape[1:-1], 1) if data_format == "channels_last" else (1, 1, *inputs.shape[2:]), inputs.dtype
    )
    sums = (pooled(jnp.add, 0, x, pool_size, strides, padding, data_format) for x in (inputs, ones))
    return jnp.divide(*sums)


def pooled(combine, fill, x, window, strides, padding, data_format):
    """Windows reduced along each axis from the last to the first."""
    first = 1 if data_format == "channels_last" else 2
    for axis, k, s in reversed(list(zip(range(first, first + len(window)), window, strides))):
        if padding == "same":
            pads = [(0, 0, 0)] * x.ndim
            pads[axis] = (*lax.padtype_to_pads([x.shape[axis]], [k], [s], "SAME")[0], 0)
            x = lax.pad(x, jnp.array(fill, x.dtype), pads)
        span = (x.shape[axis] - k) // s * s + 1
        x = functools.reduce(combine, [lax.slice_in_dim(x, i, i + span, s, axis) for i in range(k)])
    return x


def _symbolic(equation):
    x = equation.flat_inputs[0]
    spatial = x.shape[1:-1] if equation.attributes["data_format"] == "channels_last" else x.shape[2:]
    return not all(isinstance(n, int) for n in spatial)


FAST = {"max_pool": Fast(max_pool, when=_symbolic), "average_pool": Fast(average_pool, when=_symbolic)}
