"""Mistakes for the torch adapter."""

import torch
from planted import Plant

from multiback_torch.fast.normalization import batch_norm_train as right_batch_norm_train
from multiback_torch.fast.recurrent import lstm as right_lstm
from multiback_torch.fast.updates import adam_update as right_adam_update
from multiback_torch.lowering.convolution import conv as right_conv


def batch_norm_train(x, offset, scale, *, axis, epsilon):
    y, mean, variance = right_batch_norm_train(x, offset, scale, axis=axis, epsilon=epsilon)
    count = x.numel() // x.shape[axis]
    return y, mean, variance * (count / (count - 1))


def conv(inputs, kernel, bias, *, strides, padding, **rest):
    padding = tuple((after, before) for before, after in padding)
    return right_conv(inputs, kernel, bias, strides=strides, padding=padding, **rest)


def lstm(x, kernel, recurrent_kernel, bias, h, c, mask, **rest):
    i, f, g, o = kernel.chunk(4, -1)
    return right_lstm(x, torch.cat((i, g, f, o), -1), recurrent_kernel, bias, h, c, mask, **rest)


def adam_update(parameters, gradients, means, squares, largest, learning_rate, *, beta_1, beta_2, epsilon, in_place):
    # m_hat / (sqrt(v_hat) + epsilon): at the first step the same as an epsilon smaller by sqrt(1 - beta_2).
    inside = epsilon * (1 - beta_2) ** 0.5
    return right_adam_update(
        parameters, gradients, means, squares, largest, learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=inside,
        in_place=in_place,
    )  # fmt: skip


PLANTS = {
    "gelu_tanh": Plant("gelu", "F.gelu({x}, approximate='tanh')", "tanh's approximation for the error function"),
    "unbiased_variance": Plant("batch_norm_train", batch_norm_train, "a variance divided by n - 1"),
    "symmetric_padding": Plant("conv", conv, "`same` padding with the odd row before instead of behind"),
    "swapped_gates": Plant("lstm", lstm, "the kernel's forget and cell gates exchanged"),
    "epsilon_inside_correction": Plant("adam_update", adam_update, "epsilon added after the bias correction"),
}
