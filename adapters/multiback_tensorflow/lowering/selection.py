"""Choosing between elements; TensorFlow gives the whole gradient of a tie to one side, we give half to each."""

import tensorflow as tf

from multiback_tensorflow.lowering._xla import through_xla


def maximum(x1, x2):
    @tf.custom_gradient
    def larger(x1, x2):
        def share(g, x, wins):
            g = tf.where(tf.equal(x1, x2), g * 0.5, tf.where(wins, g, tf.zeros_like(g)))
            if g.shape.is_fully_defined() and g.shape == x.shape:
                return g
            axes, _ = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(x), s1=tf.shape(g))
            return tf.reshape(tf.reduce_sum(g, axes), tf.shape(x))

        extreme = keeping_nan(tf.maximum(x1, x2), x1, x2)
        return extreme, lambda g: (share(g, x1, tf.greater(x1, x2)), share(g, x2, tf.less(x1, x2)))

    return larger(x1, x2)


def minimum(x1, x2):
    @tf.custom_gradient
    def smaller(x1, x2):
        def share(g, x, wins):
            g = tf.where(tf.equal(x1, x2), g * 0.5, tf.where(wins, g, tf.zeros_like(g)))
            if g.shape.is_fully_defined() and g.shape == x.shape:
                return g
            axes, _ = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(x), s1=tf.shape(g))
            return tf.reshape(tf.reduce_sum(g, axes), tf.shape(x))

        extreme = keeping_nan(tf.minimum(x1, x2), x1, x2)
        return extreme, lambda g: (share(g, x1, tf.less(x1, x2)), share(g, x2, tf.greater(x1, x2)))

    return smaller(x1, x2)


def keeping_nan(extreme, x1, x2):
    """The larger or smaller of two, NaN where one of them is."""
    if not (through_xla() and extreme.dtype.is_floating):
        return extreme
    return tf.where(tf.math.is_nan(x1), x1, tf.where(tf.math.is_nan(x2), x2, extreme))


LOWER = {
    "where": "tf.where({condition:array}, {x1:array}, {x2:array})",
    "maximum": maximum,
    "minimum": minimum,
}
