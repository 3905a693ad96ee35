"""Networks from image to image in JAX."""

import jax
import jax.numpy as jnp
from jax import lax
from workloads import Workload

from peers.native_jax.convolutional import conv, max_pool
from peers.native_jax.run import Run


def _conv(run: Run, name: str, x: jax.Array, stride: int = 1) -> jax.Array:
    return conv(x, run[f"{name}/kernel"], stride) + run[f"{name}/bias"]


def _conv_transpose(run: Run, name: str, x: jax.Array) -> jax.Array:
    y = lax.conv_transpose(
        x, run[f"{name}/kernel"], (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), transpose_kernel=True
    )
    return y + run[f"{name}/bias"]


def autoencoder(workload: Workload, run: Run, x: jax.Array) -> jax.Array:
    """Two strided convolutions down, two transposed ones up."""
    for name in ("conv_1", "conv_2"):
        x = jax.nn.relu(_conv(run, name, x, 2))
    for name in ("transpose_1", "transpose_2"):
        x = jax.nn.relu(_conv_transpose(run, name, x))
    return _conv(run, "conv_3", x)


def unet(workload: Workload, run: Run, x: jax.Array) -> jax.Array:
    """Convolutions at three sizes of the image; what goes up is joined with what came down."""

    def doubled(x: jax.Array) -> jax.Array:
        return jnp.repeat(jnp.repeat(x, 2, 1), 2, 2)

    down_1 = jax.nn.relu(_conv(run, "down_1", x))
    down_2 = jax.nn.relu(_conv(run, "down_2", max_pool(down_1)))
    x = jax.nn.relu(_conv(run, "bottom", max_pool(down_2)))
    x = jax.nn.relu(_conv(run, "up_2", jnp.concatenate([doubled(x), down_2], -1)))
    x = jax.nn.relu(_conv(run, "up_1", jnp.concatenate([doubled(x), down_1], -1)))
    return _conv(run, "output", x)


MODELS = {"autoencoder": autoencoder, "unet": unet}
