"""A recommender in TensorFlow; gradients of its tables are made dense for the fused Adam kernel."""

import tensorflow as tf
from workloads import Workload

from peers.native_tensorflow.dense import Variables, mlp


def recommender(
    workload: Workload, variables: Variables, training: bool, identifiers: tf.Tensor, numbers: tf.Tensor
) -> tf.Tensor:
    """A table for each identifier; their rows and the numbers go through dense layers."""
    rows = [
        tf.nn.embedding_lookup(variables[f"table_{number}/embeddings"], identifiers[:, number - 1])
        for number in range(1, len(workload.sizes["tables"]) + 1)
    ]
    return mlp(workload, variables, training, tf.concat([*rows, numbers], 1))


MODELS = {"recommender": recommender}
