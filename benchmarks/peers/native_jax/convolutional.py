"""Convolutional classifiers in JAX."""

import os

import jax
import jax.numpy as jnp
from jax import lax
from workloads import MOMENTUM, NORM_EPSILON, Workload

from peers.native_jax.dense import linear
from peers.native_jax.run import Run

TUNED = os.environ.get("BENCHMARK_TUNED") == "1"
LAYOUT = {3: ("NWC", "WIO", "NWC"), 4: ("NHWC", "HWIO", "NHWC")}


def conv(x: jax.Array, kernel: jax.Array, stride: int = 1, padding: str = "SAME", groups: int = 1) -> jax.Array:
    """A convolution with channels last, without a bias."""
    return lax.conv_general_dilated(
        x,
        kernel,
        (stride,) * (x.ndim - 2),
        padding,
        dimension_numbers=LAYOUT[x.ndim],
        feature_group_count=groups,
    )


def max_pool(x: jax.Array) -> jax.Array:
    """The largest of each 2x2 pixels."""
    if not TUNED:
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    # XLA's gradient of a max pool is slow on CPU; that of a maximum of strided slices is not.
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    corners = [x[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]
    return jnp.maximum(jnp.maximum(corners[0], corners[1]), jnp.maximum(corners[2], corners[3]))


def depthwise_conv(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
    """A 3x3 convolution of each channel by itself; `kernel` has the shape (3, 3, channels, 1)."""
    channels = x.shape[-1]
    if not TUNED:
        return conv(x, kernel.reshape(3, 3, 1, channels), stride, groups=channels)
    # XLA's grouped convolution is slow on CPU; a sum of shifted products is not.
    height, width = (-(-size // stride) for size in x.shape[1:3])
    pads = lax.padtype_to_pads(x.shape[1:3], (3, 3), (stride, stride), "SAME")
    x = jnp.pad(x, ((0, 0), *pads, (0, 0)))
    rows, columns = (stride * (size - 1) + 1 for size in (height, width))
    return sum(
        x[:, i : i + rows : stride, j : j + columns : stride] * kernel[i, j, :, 0] for i in range(3) for j in range(3)
    )


def batch_norm(run: Run, name: str, x: jax.Array) -> jax.Array:
    """Batch normalization over all axes but the channels; renews its statistics when training."""
    mean, variance = run[f"{name}/moving_mean"], run[f"{name}/moving_variance"]
    if run.training:
        axes = tuple(range(x.ndim - 1))
        # The difference of two means, as Flax takes it, needs one pass where jnp.var needs two.
        batch_mean = jnp.mean(x, axes)
        batch_variance = jnp.mean(x * x, axes) - batch_mean**2
        run.statistics[f"{name}/moving_mean"] = MOMENTUM * mean + (1 - MOMENTUM) * batch_mean
        run.statistics[f"{name}/moving_variance"] = MOMENTUM * variance + (1 - MOMENTUM) * batch_variance
        mean, variance = batch_mean, batch_variance
    scale = run[f"{name}/gamma"] * lax.rsqrt(variance + NORM_EPSILON)
    if TUNED:
        # One multiplication and one addition for each number, and a shorter gradient.
        return x * scale + (run[f"{name}/beta"] - mean * scale)
    return (x - mean) * scale + run[f"{name}/beta"]


def cnn(workload: Workload, run: Run, x: jax.Array) -> jax.Array:
    """Two 3x3 convolutions, each with a max pool."""
    for name in ("conv_1", "conv_2"):
        x = max_pool(jax.nn.relu(conv(x, run[f"{name}/kernel"], padding="VALID") + run[f"{name}/bias"]))
    return linear(run, "dense", x.reshape(x.shape[0], -1))


def resnet(workload: Workload, run: Run, x: jax.Array) -> jax.Array:
    """One block of two 3x3 convolutions for each stage; all stages but the first halve the image."""

    def conv_norm(x: jax.Array, name: str, number: str = "", stride: int = 1) -> jax.Array:
        return batch_norm(run, f"{name}_norm{number}", conv(x, run[f"{name}_conv{number}/kernel"], stride))

    x = jax.nn.relu(conv_norm(x, "stem"))
    for number in range(1, len(workload.sizes["filters"]) + 1):
        name, stride, shortcut = f"stage_{number}", 1, x
        if number > 1:
            stride = 2
            means = lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") / 4
            shortcut = conv_norm(means, f"{name}_shortcut")
        x = jax.nn.relu(conv_norm(x, name, "_1", stride))
        x = jax.nn.relu(conv_norm(x, name, "_2") + shortcut)
    return linear(run, "dense", jnp.mean(x, (1, 2)))


def depthwise(workload: Workload, run: Run, x: jax.Array) -> jax.Array:
    """Blocks of a depthwise 3x3 and a pointwise convolution, with batch normalization after each."""
    x = jax.nn.relu(batch_norm(run, "stem_norm", conv(x, run["stem_conv/kernel"])))
    for number, (_, stride) in enumerate(workload.sizes["blocks"], 1):
        name = f"block_{number}"
        x = depthwise_conv(x, run[f"{name}_depthwise/kernel"], stride)
        x = jax.nn.relu(batch_norm(run, f"{name}_norm_1", x))
        x = jax.nn.relu(batch_norm(run, f"{name}_norm_2", conv(x, run[f"{name}_pointwise/kernel"])))
    return linear(run, "dense", jnp.mean(x, (1, 2)))


def conv1d(workload: Workload, run: Run, x: jax.Array) -> jax.Array:
    """Strided convolutions over time with batch normalization, averaged at the end."""
    for number, (_, _, stride) in enumerate(workload.sizes["layers"], 1):
        x = conv(x, run[f"conv_{number}/kernel"], stride, "VALID")
        x = jax.nn.relu(batch_norm(run, f"norm_{number}", x))
    return linear(run, "dense", jnp.mean(x, 1))


MODELS = {"cnn": cnn, "resnet": resnet, "depthwise": depthwise, "conv1d": conv1d}
