"""Recurrent classifiers in JAX, as scans over time."""

import jax
import jax.numpy as jnp
from jax import lax
from workloads import Workload

from peers.native_jax.dense import linear
from peers.native_jax.run import Run


def lstm(workload: Workload, run: Run, x: jax.Array) -> jax.Array:
    """An LSTM whose last state is classified."""
    kernel, recurrent_kernel, bias = (run[f"lstm/{part}"] for part in ("kernel", "recurrent_kernel", "bias"))

    def cell(carry: tuple[jax.Array, jax.Array], x_t: jax.Array) -> tuple[tuple[jax.Array, jax.Array], None]:
        h, c = carry
        # Projecting the input here is faster than doing it for all time steps before the scan.
        i, f, g, o = jnp.split(x_t @ kernel + h @ recurrent_kernel + bias, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((x.shape[0], recurrent_kernel.shape[0]), x.dtype)
    (h, _), _ = lax.scan(cell, (zeros, zeros), x.swapaxes(0, 1))
    return linear(run, "dense", h)


def embedding_lstm(workload: Workload, run: Run, tokens: jax.Array) -> jax.Array:
    """The same over embedded tokens."""
    return lstm(workload, run, run["tokens/embeddings"][tokens])


def gru(workload: Workload, run: Run, x: jax.Array) -> jax.Array:
    """A GRU whose last state is classified."""
    kernel, recurrent_kernel, bias = (run[f"gru/{part}"] for part in ("kernel", "recurrent_kernel", "bias"))

    def cell(h: jax.Array, x_t: jax.Array) -> tuple[jax.Array, None]:
        x_z, x_r, x_n = jnp.split(x_t @ kernel + bias[0], 3, axis=1)
        h_z, h_r, h_n = jnp.split(h @ recurrent_kernel + bias[1], 3, axis=1)
        z = jax.nn.sigmoid(x_z + h_z)
        n = jnp.tanh(x_n + jax.nn.sigmoid(x_r + h_r) * h_n)
        return z * h + (1 - z) * n, None

    h, _ = lax.scan(cell, jnp.zeros((x.shape[0], recurrent_kernel.shape[0]), x.dtype), x.swapaxes(0, 1))
    return linear(run, "dense", h)


MODELS = {"lstm": lstm, "embedding-lstm": embedding_lstm, "gru": gru}
