"""Indexing, as it stands in an exported file: negative indices count from the end, others are clamped."""

from keras import ops


def in_range(indices, size):
    """Indices as 0 ... size - 1."""
    indices = ops.cast(indices, "int32")
    return ops.clip(ops.where(indices < 0, indices + size, indices), 0, size - 1)


def take(x, indices, *, axis=0):
    """The elements at these places along `axis`."""
    return ops.take(x, in_range(indices, ops.shape(x)[axis]), axis)


def take_along_axis(x, indices, *, axis):
    """For each place its element along `axis`."""
    return ops.take_along_axis(x, in_range(indices, ops.shape(x)[axis]), axis)


def scatter_rows(x, indices, updates, *, reduction=None):
    """A copy of x with rows set, or with others added."""
    places = in_range(indices, ops.shape(x)[0])[:, None]
    if reduction is None:
        return ops.scatter_update(x, places, updates)
    return x + ops.scatter(places, updates, ops.shape(x))
