"""Networks from image to image in TensorFlow."""

import os

import tensorflow as tf
from workloads import Workload

from peers.native_tensorflow.dense import Variables

JIT = os.environ.get("BENCHMARK_JIT") == "1"


def _conv(variables: Variables, name: str, x: tf.Tensor, stride: int = 1) -> tf.Tensor:
    return tf.nn.bias_add(tf.nn.conv2d(x, variables[f"{name}/kernel"], stride, "SAME"), variables[f"{name}/bias"])


def _conv_transpose(variables: Variables, name: str, x: tf.Tensor) -> tf.Tensor:
    kernel, (batch, height, width, _) = variables[f"{name}/kernel"], x.shape
    y = tf.nn.conv2d_transpose(x, kernel, (batch, 2 * height, 2 * width, kernel.shape[2]), 2, "SAME")
    return tf.nn.bias_add(y, variables[f"{name}/bias"])


def autoencoder(workload: Workload, variables: Variables, training: bool, x: tf.Tensor) -> tf.Tensor:
    """Two strided convolutions down, two transposed ones up."""
    for name in ("conv_1", "conv_2"):
        x = tf.nn.relu(_conv(variables, name, x, 2))
    for name in ("transpose_1", "transpose_2"):
        x = tf.nn.relu(_conv_transpose(variables, name, x))
    return _conv(variables, "conv_3", x)


def unet(workload: Workload, variables: Variables, training: bool, x: tf.Tensor) -> tf.Tensor:
    """Convolutions at three sizes of the image; what goes up is joined with what came down."""

    def doubled(x: tf.Tensor) -> tf.Tensor:
        if JIT:
            # XLA has no gradient of a resize.
            return tf.repeat(tf.repeat(x, 2, 1), 2, 2)
        return tf.image.resize(x, (2 * x.shape[1], 2 * x.shape[2]), "nearest")

    down_1 = tf.nn.relu(_conv(variables, "down_1", x))
    down_2 = tf.nn.relu(_conv(variables, "down_2", tf.nn.max_pool2d(down_1, 2, 2, "VALID")))
    x = tf.nn.relu(_conv(variables, "bottom", tf.nn.max_pool2d(down_2, 2, 2, "VALID")))
    x = tf.nn.relu(_conv(variables, "up_2", tf.concat([doubled(x), down_2], -1)))
    x = tf.nn.relu(_conv(variables, "up_1", tf.concat([doubled(x), down_1], -1)))
    return _conv(variables, "output", x)


MODELS = {"autoencoder": autoencoder, "unet": unet}
