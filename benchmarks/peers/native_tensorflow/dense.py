"""Multi-layer perceptrons in TensorFlow."""

import tensorflow as tf
from workloads import Workload

Variables = dict[str, tf.Variable]


def linear(variables: Variables, name: str, x: tf.Tensor) -> tf.Tensor:
    """A fully connected layer without an activation, over the last of two axes or more."""
    kernel, bias = variables[f"{name}/kernel"], variables[f"{name}/bias"]
    if x.shape.rank == 2:
        return tf.nn.bias_add(x @ kernel, bias)
    # One large product is quicker than a product for each sample.
    rows = tf.nn.bias_add(tf.reshape(x, (-1, x.shape[-1])) @ kernel, bias)
    return tf.reshape(rows, (*x.shape[:-1], kernel.shape[-1]))


def mlp(workload: Workload, variables: Variables, training: bool, x: tf.Tensor) -> tf.Tensor:
    """Dense layers with relu, then one to the outputs."""
    hidden = len(workload.sizes["hidden"])
    for number in range(1, hidden + 1):
        x = tf.nn.relu(linear(variables, f"dense_{number}", x))
    return linear(variables, f"dense_{hidden + 1}", x)


MODELS = {"mlp": mlp}
