"""Slices at places that the graph computes, and one-hot vectors."""

import tensorflow as tf

from multiback.backends.protocol import Fast


def dynamic_slice(x, starts, *, shape):
    x = tf.convert_to_tensor(x)
    sizes = tf.shape(x, out_type=starts.dtype)
    room = sizes - tf.cast(tf.stack(shape), starts.dtype)
    return tf.slice(x, tf.clip_by_value(starts, 0, room), tf.cast(tf.stack(shape), starts.dtype))


def takes_dtypes(equation):
    return equation.inputs[0].dtype in ("uint8", "int8", "int32", "int64") and equation.attributes["dtype"] != "bool"


def takes_starts(equation):
    return equation.inputs[1].dtype in ("int32", "int64")


FAST = {
    "dynamic_slice": Fast(dynamic_slice, takes_starts),
    "one_hot": Fast("tf.one_hot({x}, {num_classes}, axis={axis}, dtype={dtype})", takes_dtypes),
}
