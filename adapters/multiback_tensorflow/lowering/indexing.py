"""Indexing and scattering. Negative indices count from the end; those out of range are clamped."""

import tensorflow as tf


def in_range(indices, size):
    """`indices` as int32 or int64 in 0 ... size - 1."""
    indices = tf.convert_to_tensor(indices)
    if indices.dtype not in (tf.int32, tf.int64):
        indices = tf.cast(indices, tf.int64)
    size = tf.cast(size, indices.dtype)
    return tf.clip_by_value(tf.where(indices < 0, indices + size, indices), 0, size - 1)


def size_of(x, axis):
    return x.shape[axis] if x.shape[axis] is not None else tf.shape(x)[axis]


def take(x, indices, *, axis):
    x = tf.convert_to_tensor(x)
    return tf.gather(x, in_range(indices, size_of(x, axis)), axis=axis)


def take_along_axis(x, indices, *, axis):
    x = tf.convert_to_tensor(x)
    places = in_range(indices, size_of(x, axis))
    last = x.shape.rank - 1
    if axis == last:
        return tf.gather(x, places, axis=last, batch_dims=last)
    order = [*range(axis), *range(axis + 1, last + 1), axis]
    back = [*range(axis), last, *range(axis, last)]
    rows = tf.gather(tf.transpose(x, order), tf.transpose(places, order), axis=last, batch_dims=last)
    return tf.transpose(rows, back)


def scatter_rows(x, indices, updates, *, reduction):
    x = tf.convert_to_tensor(x)
    places = in_range(indices, size_of(x, 0))
    if reduction == "mul":
        return x * tf.math.unsorted_segment_prod(updates, places, size_of(x, 0))
    write = {
        None: tf.tensor_scatter_nd_update,
        "add": tf.tensor_scatter_nd_add,
        "max": tf.tensor_scatter_nd_max,
        "min": tf.tensor_scatter_nd_min,
    }
    return write[reduction](x, places[:, None], updates)


LOWER = {
    "getitem": "{x}[{key:index}]",
    "take": take,
    "take_along_axis": take_along_axis,
    "scatter_rows": scatter_rows,
}
