"""Pooling: windows reduced by XLA where nobody differentiates, and by strided slices where somebody does."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from multiback.backends.protocol import Fast


def max_pool(inputs, *, pool_size, strides, padding, data_format):
    return _max_pool(inputs, pool_size, strides, padding, data_format)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3, 4))
def _max_pool(inputs, window, strides, padding, data_format):
    last = data_format == "channels_last"
    spread = (lambda sizes: (1, *sizes, 1)) if last else (lambda sizes: (1, 1, *sizes))
    return lax.reduce_window(inputs, _lowest(inputs), lax.max, spread(window), spread(strides), padding.upper())


def _max_pool_forward(inputs, window, strides, padding, data_format):
    # XLA's gradient of a window's maximum is some thirty times slower on a CPU than that of strided slices.
    def larger(a, b):
        return jnp.where((b > a) | (b != b), b, a)

    def sliced(x):
        return pooled(larger, _lowest(x), x, window, strides, padding, data_format)

    return jax.vjp(sliced, inputs)


def _max_pool_backward(window, strides, padding, data_format, pull, g):
    return pull(g)


_max_pool.defvjp(_max_pool_forward, _max_pool_backward)


def _lowest(x):
    return x.dtype.type(-np.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min)


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


FAST = {"max_pool": Fast(max_pool), "average_pool": Fast(average_pool, when=_symbolic)}
