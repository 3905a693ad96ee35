"""Elementwise functions whose gradients or digits differ from TensorFlow's own, as they stand in an exported file."""

import tensorflow as tf


def maximum(x1, x2):
    """The larger of two; of equal ones each gets half of the gradient."""
    return tf.where(x1 > x2, x1, tf.where(x1 < x2, x2, 0.5 * (x1 + x2)))


def minimum(x1, x2):
    """The smaller of two; of equal ones each gets half of the gradient."""
    return tf.where(x1 < x2, x1, tf.where(x1 > x2, x2, 0.5 * (x1 + x2)))


def elu(x, alpha=1.0):
    """x where it is positive, else alpha * (exp(x) - 1)."""
    return tf.where(x > 0, x, alpha * tf.math.expm1(tf.minimum(x, 0)))


def clip(x, low, high):
    """x kept between two numbers."""
    return tf.where(x < low, low, tf.where(x > high, high, x))
