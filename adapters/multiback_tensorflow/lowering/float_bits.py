"""Floats as bit patterns."""

import tensorflow as tf

_INTEGERS = {2: tf.int16, 4: tf.int32, 8: tf.int64}


def signbit(x):
    return tf.bitcast(x, _INTEGERS[x.dtype.size]) < 0


LOWER = {
    "bitcast": "tf.bitcast({x:array}, {dtype})",
    "signbit": signbit,
}
