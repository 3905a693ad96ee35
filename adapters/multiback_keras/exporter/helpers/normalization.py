"""Normalisation, as it stands in an exported file."""

from keras import ops


def layer_norm(x, scale=None, offset=None, *, axis=-1, epsilon):
    """scale * (x - mean) / sqrt(variance + epsilon) + offset, with the moments of each sample."""
    y = (x - ops.mean(x, axis, keepdims=True)) * ops.rsqrt(ops.var(x, axis, keepdims=True) + epsilon)
    y = y if scale is None else y * scale
    return y if offset is None else y + offset


def rms_norm(x, scale=None, *, axis=-1, epsilon):
    """scale * x / sqrt(mean(x^2) + epsilon)."""
    y = x * ops.rsqrt(ops.mean(ops.square(x), axis, keepdims=True) + epsilon)
    return y if scale is None else y * scale


def batch_norm(x, mean, variance, offset=None, scale=None, *, axis=-1, epsilon):
    """scale * (x - mean) / sqrt(variance + epsilon) + offset, for each channel."""
    shape = [-1 if a == axis % len(x.shape) else 1 for a in range(len(x.shape))]
    factor = ops.rsqrt(variance + epsilon)
    factor = factor if scale is None else factor * scale
    shift = -mean * factor if offset is None else offset - mean * factor
    return x * ops.reshape(factor, shape) + ops.reshape(shift, shape)


def batch_norm_train(x, offset=None, scale=None, *, axis=-1, epsilon):
    """Batch normalisation with the moments of this batch, which are returned too."""
    axes = tuple(a for a in range(len(x.shape)) if a != axis % len(x.shape))
    shape = [-1 if a == axis % len(x.shape) else 1 for a in range(len(x.shape))]
    mean, variance = ops.mean(x, axes, keepdims=True), ops.var(x, axes, keepdims=True)
    y = (x - mean) * ops.rsqrt(variance + epsilon)
    y = y if scale is None else y * ops.reshape(scale, shape)
    y = y if offset is None else y + ops.reshape(offset, shape)
    return y, ops.stop_gradient(ops.reshape(mean, (-1,))), ops.stop_gradient(ops.reshape(variance, (-1,)))
