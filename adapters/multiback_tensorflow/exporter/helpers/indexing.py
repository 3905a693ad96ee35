"""Indexing, as it stands in an exported file: negative indices count from the end, others are clamped."""

import tensorflow as tf


def in_range(indices, size):
    """Indices as 0 ... size - 1."""
    indices = indices if indices.dtype in (tf.int32, tf.int64) else tf.cast(indices, tf.int64)
    last = tf.cast(size, indices.dtype) - 1
    indices = tf.where(indices < 0, indices + last + 1, indices)
    return tf.where(indices < 0, tf.zeros_like(indices), tf.where(indices > last, last, indices))


def take(x, indices, *, axis=0):
    """The elements at these places along `axis`."""
    return tf.gather(x, in_range(indices, tf.shape(x)[axis]), axis=axis)
