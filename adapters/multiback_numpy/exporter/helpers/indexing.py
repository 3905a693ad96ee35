"""Indexing and scattering, as they stand in an exported file; indices out of range are clamped."""

import numpy as np


def in_range(indices, size):
    """Indices as 0 ... size - 1."""
    indices = np.asarray(indices).astype(np.int64)
    return np.clip(np.where(indices < 0, indices + size, indices), 0, max(size - 1, 0))


def take(x, indices, *, axis=0):
    """The elements at these places along `axis`."""
    return np.take(x, in_range(indices, x.shape[axis]), axis)


def take_along_axis(x, indices, *, axis):
    """For each place its element along `axis`."""
    return np.take_along_axis(x, in_range(indices, x.shape[axis]), axis)


def scatter_rows(x, indices, updates, *, reduction=None):
    """A copy of x with rows set, or combined with others."""
    y, places = np.array(x), in_range(indices, x.shape[0])
    if reduction is None:
        y[places] = updates
    else:
        combine = {"add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}[reduction]
        combine.at(y, places, updates)
    return y
