"""Recurrent classifiers in TensorFlow, as loops over a TensorArray.

Indexing x[:, t] in the loop would make its gradient a dense array at every step; a TensorArray does not.
"""

import tensorflow as tf
from workloads import Workload

from peers.native_tensorflow.dense import Variables, linear


def _steps(x: tf.Tensor) -> tf.TensorArray:
    batch, time, features = x.shape
    return tf.TensorArray(tf.float32, time, element_shape=(batch, features)).unstack(tf.transpose(x, (1, 0, 2)))


def _read(variables: Variables, name: str) -> list[tf.Tensor]:
    return [tf.convert_to_tensor(variables[f"{name}/{part}"]) for part in ("kernel", "recurrent_kernel", "bias")]


def lstm(workload: Workload, variables: Variables, training: bool, x: tf.Tensor) -> tf.Tensor:
    """An LSTM whose last state is classified."""
    kernel, recurrent_kernel, bias = _read(variables, "lstm")
    inputs, time = _steps(x), x.shape[1]

    def cell(t: tf.Tensor, h: tf.Tensor, c: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        gates = tf.nn.bias_add(inputs.read(t) @ kernel + h @ recurrent_kernel, bias)
        i, f, g, o = tf.split(gates, 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return t + 1, tf.sigmoid(o) * tf.tanh(c), c

    zeros = tf.zeros((x.shape[0], recurrent_kernel.shape[0]))
    _, h, _ = tf.while_loop(lambda t, h, c: t < time, cell, (0, zeros, zeros), maximum_iterations=time)
    return linear(variables, "dense", h)


def embedding_lstm(workload: Workload, variables: Variables, training: bool, tokens: tf.Tensor) -> tf.Tensor:
    """The same over embedded tokens."""
    return lstm(workload, variables, training, tf.nn.embedding_lookup(variables["tokens/embeddings"], tokens))


def gru(workload: Workload, variables: Variables, training: bool, x: tf.Tensor) -> tf.Tensor:
    """A GRU whose last state is classified."""
    kernel, recurrent_kernel, bias = _read(variables, "gru")
    inputs, time = _steps(x), x.shape[1]

    def cell(t: tf.Tensor, h: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x_z, x_r, x_n = tf.split(tf.nn.bias_add(inputs.read(t) @ kernel, bias[0]), 3, axis=1)
        h_z, h_r, h_n = tf.split(tf.nn.bias_add(h @ recurrent_kernel, bias[1]), 3, axis=1)
        z = tf.sigmoid(x_z + h_z)
        n = tf.tanh(x_n + tf.sigmoid(x_r + h_r) * h_n)
        return t + 1, z * h + (1 - z) * n

    zeros = tf.zeros((x.shape[0], recurrent_kernel.shape[0]))
    _, h = tf.while_loop(lambda t, h: t < time, cell, (0, zeros), maximum_iterations=time)
    return linear(variables, "dense", h)


MODELS = {"lstm": lstm, "embedding-lstm": embedding_lstm, "gru": gru}
