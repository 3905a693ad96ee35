"""Transformers in TensorFlow, with one projection to queries, keys and values."""

import numpy as np
import tensorflow as tf
from workloads import NORM_EPSILON, Workload

from peers.native_tensorflow.dense import Variables, linear
from peers.projections import joined_projections


def layer_norm(variables: Variables, name: str, x: tf.Tensor) -> tf.Tensor:
    """Layer normalization over the last axis."""
    mean, variance = tf.nn.moments(x, -1, keepdims=True)
    gamma, beta = variables[f"{name}/gamma"], variables[f"{name}/beta"]
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, NORM_EPSILON)


def attend(variables: Variables, name: str, x: tf.Tensor, heads: int, causal: bool) -> tf.Tensor:
    """Multi-head self-attention."""
    batch, length, width = x.shape
    head = width // heads
    projected = tf.reshape(linear(variables, f"{name}_project", x), (batch, length, 3, heads, head))
    query, key, value = tf.unstack(tf.transpose(projected, (2, 0, 3, 1, 4)))
    scores = tf.matmul(query * head**-0.5, key, transpose_b=True)
    if causal:
        scores += np.triu(np.full((length, length), -1e9, np.float32), 1)
    y = tf.transpose(tf.nn.softmax(scores) @ value, (0, 2, 1, 3))
    return linear(variables, f"{name}_output", tf.reshape(y, (batch, length, width)))


def transformer(workload: Workload, variables: Variables, training: bool, tokens: tf.Tensor) -> tf.Tensor:
    """Blocks that normalize first; the positions are averaged before the classes, or each has its own."""
    sizes = workload.sizes

    def dropout(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.dropout(x, sizes["dropout"]) if training and sizes["dropout"] else x

    x = tf.nn.embedding_lookup(variables["tokens/embeddings"], tokens) + variables["positions/positions"]
    for number in range(1, sizes["blocks"] + 1):
        name = f"block_{number}"
        y = layer_norm(variables, f"{name}_norm_1", x)
        x += dropout(attend(variables, f"{name}_attention", y, sizes["heads"], sizes["causal"]))
        y = tf.nn.gelu(linear(variables, f"{name}_dense_1", layer_norm(variables, f"{name}_norm_2", x)))
        x += dropout(linear(variables, f"{name}_dense_2", y))
    x = layer_norm(variables, "norm", x)
    return linear(variables, "dense", tf.reduce_mean(x, 1) if workload.task == "classes" else x)


MODELS = {"transformer": transformer}
PREPARE = {"transformer": joined_projections}
