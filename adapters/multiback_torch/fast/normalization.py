"""Normalisation by torch's kernels."""

import torch
import torch.nn.functional as F

from multiback.backends.protocol import Fast


def moments(x, *, axes, keepdims, synchronized):
    if x.numel() == 0:  # torch.var_mean warns; the mean of nothing is NaN
        mean = torch.mean(x, axes, keepdims)
        return mean, mean
    variance, mean = torch.var_mean(x, axes, correction=0, keepdim=keepdims)
    return mean, variance


def layer_normalization(x, gamma, beta, *, axis, epsilon):
    return F.layer_norm(x, x.shape[axis[0] :], gamma, beta, epsilon)


def rms_normalization(x, scale, *, axis, epsilon):
    return F.rms_norm(x, x.shape[axis[0] :], scale, epsilon)


def batch_normalization(x, mean, variance, offset, scale, *, axis, epsilon):
    if torch.is_grad_enabled() and (mean.requires_grad or variance.requires_grad):
        # The kernel has no gradient for its statistics.
        factor = torch.rsqrt(variance + epsilon)
        factor = factor if scale is None else factor * scale
        shift = -mean * factor if offset is None else offset - mean * factor
        shape = [1] * axis + [-1] + [1] * (x.ndim - axis - 1)
        return x * factor.view(shape) + shift.view(shape)
    return restored(F.batch_norm(channels_second(x, axis), mean, variance, scale, offset, False, 0.0, epsilon), x, axis)


def batch_norm_train(x, offset, scale, *, axis, epsilon):
    channels = x.shape[axis]
    mean, variance = x.new_zeros(channels), x.new_zeros(channels)
    y = torch.batch_norm(channels_second(x, axis), scale, offset, mean, variance, True, 1.0, epsilon, False)
    count = x.numel() // channels
    # The kernel divides the variance by count - 1.
    variance = variance * ((count - 1) / count) if count > 1 else x.new_zeros(channels)
    return restored(y, x, axis), mean, variance


def channels_second(x, axis):
    """A view as the kernels want it: channels_last images stay as they are in memory, rows of features are a matrix."""
    if axis == x.ndim - 1 and x.ndim not in (4, 5):
        return x.reshape(-1, x.shape[-1])
    return x.movedim(axis, 1)


def restored(y, x, axis):
    """What came of `channels_second(x, axis)`, with the axes of `x`."""
    if axis == x.ndim - 1 and x.ndim not in (4, 5):
        return y.view(x.shape)
    return y.movedim(1, axis)


def _trailing(equation):
    axis, ndim = equation.attributes["axis"], equation.flat_inputs[0].ndim
    return len(axis) > 0 and axis == tuple(range(ndim - len(axis), ndim))


FAST = {
    "moments": Fast(moments),
    "layer_normalization": Fast(layer_normalization, when=_trailing),
    "rms_normalization": Fast(rms_normalization, when=_trailing),
    "batch_normalization": Fast(batch_normalization),
    "batch_norm_train": Fast(batch_norm_train),
}
