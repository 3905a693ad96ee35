"""Normalisation, as it stands in an exported file."""

import tensorflow as tf


def layer_norm(x, scale=None, offset=None, *, axis=-1, epsilon):
    """scale * (x - mean) / sqrt(variance + epsilon) + offset, with the moments of each sample."""
    mean, variance = tf.nn.moments(x, axis, keepdims=True)
    y = (x - mean) * tf.math.rsqrt(variance + epsilon)
    y = y if scale is None else y * scale
    return y if offset is None else y + offset


def rms_norm(x, scale=None, *, axis=-1, epsilon):
    """scale * x / sqrt(mean(x^2) + epsilon)."""
    y = x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), axis, keepdims=True) + epsilon)
    return y if scale is None else y * scale


def batch_norm(x, mean, variance, offset=None, scale=None, *, axis=-1, epsilon):
    """scale * (x - mean) / sqrt(variance + epsilon) + offset, for each channel."""
    shape = [-1 if a == axis % x.shape.rank else 1 for a in range(x.shape.rank)]
    factor = tf.math.rsqrt(variance + epsilon)
    factor = factor if scale is None else factor * scale
    shift = -mean * factor if offset is None else offset - mean * factor
    return x * tf.reshape(factor, shape) + tf.reshape(shift, shape)


def batch_norm_train(x, offset=None, scale=None, *, axis=-1, epsilon):
    """Batch normalisation with the moments of this batch, which are returned too."""
    rank = x.shape.rank
    axes = [a for a in range(rank) if a != axis % rank]
    shape = [-1 if a == axis % rank else 1 for a in range(rank)]
    mean, variance = tf.nn.moments(x, axes, keepdims=True)
    y = (x - mean) * tf.math.rsqrt(variance + epsilon)
    y = y if scale is None else y * tf.reshape(scale, shape)
    y = y if offset is None else y + tf.reshape(offset, shape)
    return y, tf.stop_gradient(tf.reshape(mean, [-1])), tf.stop_gradient(tf.reshape(variance, [-1]))
