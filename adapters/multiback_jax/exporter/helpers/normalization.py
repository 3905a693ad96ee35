"""Normalisation, as it stands in an exported file."""

import jax.numpy as jnp
from jax import lax


def layer_norm(x, scale=None, offset=None, *, axis=-1, epsilon):
    """scale * (x - mean) / sqrt(variance + epsilon) + offset, with the moments of each sample."""
    y = (x - jnp.mean(x, axis, keepdims=True)) * lax.rsqrt(jnp.var(x, axis, keepdims=True) + epsilon)
    y = y if scale is None else y * scale
    return y if offset is None else y + offset


def rms_norm(x, scale=None, *, axis=-1, epsilon):
    """scale * x / sqrt(mean(x^2) + epsilon)."""
    y = x * lax.rsqrt(jnp.mean(jnp.square(x), axis, keepdims=True) + epsilon)
    return y if scale is None else y * scale


def batch_norm(x, mean, variance, offset=None, scale=None, *, axis=-1, epsilon):
    """scale * (x - mean) / sqrt(variance + epsilon) + offset, for each channel."""
    shape = [-1 if a == axis % x.ndim else 1 for a in range(x.ndim)]
    factor = lax.rsqrt(variance + epsilon)
    factor = factor if scale is None else factor * scale
    shift = -mean * factor if offset is None else offset - mean * factor
    return x * factor.reshape(shape) + shift.reshape(shape)


def batch_norm_train(x, offset=None, scale=None, *, axis=-1, epsilon):
    """Batch normalisation with the moments of this batch, which are returned too."""
    axes = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    shape = [-1 if a == axis % x.ndim else 1 for a in range(x.ndim)]
    mean, variance = jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True)
    y = (x - mean) * lax.rsqrt(variance + epsilon)
    y = y if scale is None else y * scale.reshape(shape)
    y = y if offset is None else y + offset.reshape(shape)
    return y, lax.stop_gradient(mean.reshape(-1)), lax.stop_gradient(variance.reshape(-1))
