"""Mistakes for the TensorFlow adapter."""

import tensorflow as tf
from planted import Plant

from multiback_tensorflow.fast.normalization import batch_norm_train as right_batch_norm_train
from multiback_tensorflow.fast.updates import adam_update as right_adam_update
from multiback_tensorflow.lowering.convolution import conv as right_conv


def batch_norm_train(x, offset, scale, *, axis, epsilon):
    y, mean, variance = right_batch_norm_train(x, offset, scale, axis=axis, epsilon=epsilon)
    count = tf.cast(tf.size(x) // x.shape[axis], x.dtype)
    return y, mean, variance * (count / (count - 1))


def conv(inputs, kernel, bias, *, strides, padding, **rest):
    padding = tuple((after, before) for before, after in padding)
    return right_conv(inputs, kernel, bias, strides=strides, padding=padding, **rest)


def adam_update(parameters, gradients, means, squares, largest, learning_rate, *, beta_1, beta_2, epsilon):
    # m_hat / (sqrt(v_hat) + epsilon): at the first step the same as an epsilon smaller by sqrt(1 - beta_2).
    inside = epsilon * (1 - beta_2) ** 0.5
    return right_adam_update(
        parameters, gradients, means, squares, largest, learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=inside
    )


PLANTS = {
    "gelu_tanh": Plant("gelu", "tf.nn.gelu({x}, approximate=True)", "tanh's approximation for the error function"),
    "unbiased_variance": Plant("batch_norm_train", batch_norm_train, "a variance divided by n - 1"),
    "symmetric_padding": Plant("conv", conv, "`same` padding with the odd row before instead of behind"),
    "epsilon_inside_correction": Plant("adam_update", adam_update, "epsilon added after the bias correction"),
}
