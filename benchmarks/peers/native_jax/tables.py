"""A recommender in JAX; gradients of its tables are dense."""

import jax
import jax.numpy as jnp
from workloads import Workload

from peers.native_jax.dense import mlp
from peers.native_jax.run import Run


def recommender(workload: Workload, run: Run, identifiers: jax.Array, numbers: jax.Array) -> jax.Array:
    """A table for each identifier; their rows and the numbers go through dense layers."""
    tables = range(1, len(workload.sizes["tables"]) + 1)
    rows = [run[f"table_{number}/embeddings"][identifiers[:, number - 1]] for number in tables]
    return mlp(workload, run, jnp.concatenate([*rows, numbers], 1))


MODELS = {"recommender": recommender}
