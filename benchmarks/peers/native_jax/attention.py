"""Transformers in JAX, with one projection to queries, keys and values."""

import jax
import jax.numpy as jnp
from jax import lax
from workloads import NORM_EPSILON, Workload

from peers.native_jax.dense import linear
from peers.native_jax.run import Run
from peers.projections import joined_projections


def layer_norm(run: Run, name: str, x: jax.Array) -> jax.Array:
    """Layer normalization over the last axis."""
    mean = jnp.mean(x, -1, keepdims=True)
    variance = jnp.mean(x * x, -1, keepdims=True) - mean**2
    return (x - mean) * lax.rsqrt(variance + NORM_EPSILON) * run[f"{name}/gamma"] + run[f"{name}/beta"]


def dropout(run: Run, rate: float, x: jax.Array) -> jax.Array:
    """Zeros with probability `rate`, in training alone."""
    if not run.training or not rate:
        return x
    kept = jax.random.bernoulli(run.next_key(), 1 - rate, x.shape)
    return jnp.where(kept, x / (1 - rate), 0)


def attend(run: Run, name: str, x: jax.Array, heads: int, causal: bool) -> jax.Array:
    """Multi-head self-attention."""
    batch, length, width = x.shape
    projected = linear(run, f"{name}_project", x).reshape(batch, length, 3, heads, width // heads)
    query, key, value = projected[:, :, 0], projected[:, :, 1], projected[:, :, 2]
    y = jax.nn.dot_product_attention(query, key, value, is_causal=causal)
    return linear(run, f"{name}_output", y.reshape(batch, length, width))


def transformer(workload: Workload, run: Run, tokens: jax.Array) -> jax.Array:
    """Blocks that normalize first; the positions are averaged before the classes, or each has its own."""
    sizes = workload.sizes
    x = run["tokens/embeddings"][tokens] + run["positions/positions"]
    for number in range(1, sizes["blocks"] + 1):
        name = f"block_{number}"
        y = attend(run, f"{name}_attention", layer_norm(run, f"{name}_norm_1", x), sizes["heads"], sizes["causal"])
        x = x + dropout(run, sizes["dropout"], y)
        y = jax.nn.gelu(linear(run, f"{name}_dense_1", layer_norm(run, f"{name}_norm_2", x)), approximate=False)
        x = x + dropout(run, sizes["dropout"], linear(run, f"{name}_dense_2", y))
    x = layer_norm(run, "norm", x)
    return linear(run, "dense", jnp.mean(x, 1) if workload.task == "classes" else x)


MODELS = {"transformer": transformer}
PREPARE = {"transformer": joined_projections}
