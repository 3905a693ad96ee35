"""Normalisation, as it stands in an exported file."""

import numpy as np


def layer_norm(x, scale=None, offset=None, *, axis=-1, epsilon):
    """scale * (x - mean) / sqrt(variance + epsilon) + offset, with the moments of each sample."""
    y = (x - np.mean(x, axis, keepdims=True)) / np.sqrt(np.var(x, axis, keepdims=True) + epsilon)
    y = y if scale is None else y * scale
    return y if offset is None else y + offset


def rms_norm(x, scale=None, *, axis=-1, epsilon):
    """scale * x / sqrt(mean(x^2) + epsilon)."""
    y = x / np.sqrt(np.mean(np.square(x), axis, keepdims=True) + epsilon)
    return y if scale is None else y * scale


def batch_norm(x, mean, variance, offset=None, scale=None, *, axis=-1, epsilon):
    """scale * (x - mean) / sqrt(variance + epsilon) + offset, for each channel."""
    shape = [-1 if a == axis % x.ndim else 1 for a in range(x.ndim)]
    factor = 1 / np.sqrt(variance + epsilon)
    factor = factor if scale is None else factor * scale
    shift = -mean * factor if offset is None else offset - mean * factor
    return x * factor.reshape(shape) + shift.reshape(shape)
