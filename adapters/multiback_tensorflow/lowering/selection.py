"""Choosing between elements; TensorFlow gives the whole gradient of a tie to one side, we give half to each."""

import tensorflow as tf


def maximum(x1, x2):
    return _extremum(tf.maximum, tf.greater, x1, x2)


def minimum(x1, x2):
    return _extremum(tf.minimum, tf.less, x1, x2)


def _extremum(function, wins, x1, x2):
    @tf.custom_gradient
    def extremum(x1, x2):
        def gradient(g):
            tie = tf.where(tf.equal(x1, x2), g * 0.5, tf.zeros_like(g))
            first = tf.where(wins(x1, x2), g, tie)
            second = tf.where(wins(x2, x1), g, tie)
            return _summed_to(first, x1), _summed_to(second, x2)

        return function(x1, x2), gradient

    return extremum(x1, x2)


def _summed_to(g, x):
    """A gradient summed over the axes along which `x` was broadcast."""
    if g.shape.is_fully_defined() and g.shape == x.shape:
        return g
    axes, _ = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(x), s1=tf.shape(g))
    return tf.reshape(tf.reduce_sum(g, axes), tf.shape(x))


LOWER = {
    "where": "tf.where({condition:array}, {x1:array}, {x2:array})",
    "maximum": maximum,
    "minimum": minimum,
}
