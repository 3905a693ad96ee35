"""Convolutional classifiers in TensorFlow."""

import tensorflow as tf
from workloads import MOMENTUM, NORM_EPSILON, Workload

from peers.native_tensorflow.dense import Variables, linear


def batch_norm(variables: Variables, name: str, x: tf.Tensor, training: bool) -> tf.Tensor:
    """Batch normalization over images by the fused kernel; renews its statistics when training."""
    mean, variance = variables[f"{name}/moving_mean"], variables[f"{name}/moving_variance"]
    y, new_mean, new_variance = tf.compat.v1.nn.fused_batch_norm(
        x,
        variables[f"{name}/gamma"],
        variables[f"{name}/beta"],
        mean,
        variance,
        NORM_EPSILON,
        is_training=training,
        exponential_avg_factor=1 - MOMENTUM if training else 1.0,
    )
    if training:
        mean.assign(new_mean)
        variance.assign(new_variance)
    return y


def cnn(workload: Workload, variables: Variables, training: bool, x: tf.Tensor) -> tf.Tensor:
    """Two 3x3 convolutions, each with a max pool."""
    for name in ("conv_1", "conv_2"):
        x = tf.nn.conv2d(x, variables[f"{name}/kernel"], 1, "VALID")
        x = tf.nn.max_pool2d(tf.nn.relu(tf.nn.bias_add(x, variables[f"{name}/bias"])), 2, 2, "VALID")
    return linear(variables, "dense", tf.reshape(x, (x.shape[0], -1)))


def resnet(workload: Workload, variables: Variables, training: bool, x: tf.Tensor) -> tf.Tensor:
    """One block of two 3x3 convolutions for each stage; all stages but the first halve the image."""

    def conv_norm(x: tf.Tensor, name: str, number: str = "", stride: int = 1) -> tf.Tensor:
        x = tf.nn.conv2d(x, variables[f"{name}_conv{number}/kernel"], stride, "SAME")
        return batch_norm(variables, f"{name}_norm{number}", x, training)

    x = tf.nn.relu(conv_norm(x, "stem"))
    for number in range(1, len(workload.sizes["filters"]) + 1):
        name, stride, shortcut = f"stage_{number}", 1, x
        if number > 1:
            stride = 2
            shortcut = conv_norm(tf.nn.avg_pool2d(x, 2, 2, "VALID"), f"{name}_shortcut")
        x = tf.nn.relu(conv_norm(x, name, "_1", stride))
        x = tf.nn.relu(conv_norm(x, name, "_2") + shortcut)
    return linear(variables, "dense", tf.reduce_mean(x, (1, 2)))


def depthwise(workload: Workload, variables: Variables, training: bool, x: tf.Tensor) -> tf.Tensor:
    """Blocks of a depthwise 3x3 and a pointwise convolution, with batch normalization after each."""
    x = tf.nn.conv2d(x, variables["stem_conv/kernel"], 1, "SAME")
    x = tf.nn.relu(batch_norm(variables, "stem_norm", x, training))
    for number, (_, stride) in enumerate(workload.sizes["blocks"], 1):
        name = f"block_{number}"
        x = tf.nn.depthwise_conv2d(x, variables[f"{name}_depthwise/kernel"], (1, stride, stride, 1), "SAME")
        x = tf.nn.relu(batch_norm(variables, f"{name}_norm_1", x, training))
        x = tf.nn.conv2d(x, variables[f"{name}_pointwise/kernel"], 1, "SAME")
        x = tf.nn.relu(batch_norm(variables, f"{name}_norm_2", x, training))
    return linear(variables, "dense", tf.reduce_mean(x, (1, 2)))


def conv1d(workload: Workload, variables: Variables, training: bool, x: tf.Tensor) -> tf.Tensor:
    """Strided convolutions over time with batch normalization, averaged at the end."""
    for number, (_, _, stride) in enumerate(workload.sizes["layers"], 1):
        x = tf.nn.conv1d(x, variables[f"conv_{number}/kernel"], stride, "VALID")
        # The fused kernel takes images; a signal is one of a single row.
        x = tf.nn.relu(batch_norm(variables, f"norm_{number}", x[:, tf.newaxis], training)[:, 0])
    return linear(variables, "dense", tf.reduce_mean(x, 1))


MODELS = {"cnn": cnn, "resnet": resnet, "depthwise": depthwise, "conv1d": conv1d}
