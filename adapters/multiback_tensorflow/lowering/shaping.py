"""Shapes, order of axes, joining and padding."""

import tensorflow as tf


def reshape(x, *, newshape):
    known = [n for n in newshape if isinstance(n, int)]
    if len(known) == len(newshape) - 1 and 0 not in known:
        newshape = [n if isinstance(n, int) else -1 for n in newshape]
    return tf.reshape(x, newshape)


def constant_pad(x, *, pad_width, value):
    x = tf.convert_to_tensor(x)
    if not pad_width:
        return x
    if x.dtype == tf.bool:
        return tf.cast(tf.pad(tf.cast(x, tf.uint8), pad_width, constant_values=int(value)), tf.bool)
    return tf.pad(x, pad_width, constant_values=value)


LOWER = {
    "reshape": reshape,
    "transpose": "tf.transpose({x}, {axes})",
    "broadcast_to": "tf.broadcast_to({x:array}, {shape})",
    "concatenate": "tf.concat({xs}, {axis})",
    "flip": "tf.reverse({x}, {axis})",
    "constant_pad": constant_pad,
}
