"""Names and shapes of the weights of each layer in Keras's order, and the values all peers start from."""

import math

import numpy as np

from workloads.definition import Weights, Workload

Array = np.ndarray


def dense(name: str, inputs: int, units: int) -> Weights:
    """A fully connected layer."""
    return (f"{name}/kernel", (inputs, units)), (f"{name}/bias", (units,))


def conv(name: str, window: tuple[int, ...], inputs: int, filters: int, bias: bool = True) -> Weights:
    """A convolution."""
    kernel = (f"{name}/kernel", (*window, inputs, filters))
    return (kernel, (f"{name}/bias", (filters,))) if bias else (kernel,)


def conv_transpose(name: str, window: tuple[int, ...], inputs: int, filters: int) -> Weights:
    """A transposed convolution, whose kernel has its outputs before its inputs."""
    return (f"{name}/kernel", (*window, filters, inputs)), (f"{name}/bias", (filters,))


def depthwise(name: str, window: tuple[int, ...], channels: int) -> Weights:
    """A convolution of each channel by itself, without a bias."""
    return ((f"{name}/kernel", (*window, channels, 1)),)


def batch_norm(name: str, channels: int) -> Weights:
    """Batch normalization, with its running statistics."""
    return tuple((f"{name}/{part}", (channels,)) for part in ("gamma", "beta", "moving_mean", "moving_variance"))


def layer_norm(name: str, width: int) -> Weights:
    """Layer normalization."""
    return (f"{name}/gamma", (width,)), (f"{name}/beta", (width,))


def embedding(name: str, rows: int, width: int) -> Weights:
    """A table of vectors."""
    return ((f"{name}/embeddings", (rows, width)),)


def recurrent(name: str, inputs: int, units: int, gates: int, biases: int = 1) -> Weights:
    """An LSTM (four gates) or a GRU (three gates, two biases)."""
    return (
        (f"{name}/kernel", (inputs, gates * units)),
        (f"{name}/recurrent_kernel", (units, gates * units)),
        (f"{name}/bias", (gates * units,) if biases == 1 else (biases, gates * units)),
    )


def attention(name: str, width: int, heads: int) -> Weights:
    """Multi-head attention over heads of `width / heads` numbers."""
    head = width // heads
    projections = tuple(
        weight
        for part in ("query", "key", "value")
        for weight in ((f"{name}/{part}/kernel", (width, heads, head)), (f"{name}/{part}/bias", (heads, head)))
    )
    return (
        *projections,
        (f"{name}/attention_output/kernel", (heads, head, width)),
        (f"{name}/attention_output/bias", (width,)),
    )


def initial_weights(workload: Workload) -> list[Array]:
    """Glorot-uniform kernels, zero biases, identity normalizations and small embeddings, in the workload's order."""
    rng = np.random.default_rng(11)
    return [_initial(rng, name, shape) for name, shape in workload.weights]


def named_weights(workload: Workload) -> dict[str, Array]:
    """`initial_weights` by name."""
    return dict(zip((name for name, _ in workload.weights), initial_weights(workload), strict=True))


def _initial(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> Array:
    match name.rpartition("/")[2]:
        case "gamma" | "moving_variance":
            return np.ones(shape, np.float32)
        case "bias" | "beta" | "moving_mean":
            return np.zeros(shape, np.float32)
        case "embeddings" | "positions":
            return rng.uniform(-0.05, 0.05, shape).astype(np.float32)
    fan_in, fan_out = _fans(name.split("/")[-2], shape)
    limit = math.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def _fans(part: str, shape: tuple[int, ...]) -> tuple[int, int]:
    if part in ("query", "key", "value"):
        return shape[0], shape[1] * shape[2]
    if part == "attention_output":
        return shape[0] * shape[1], shape[2]
    receptive = math.prod(shape[:-2])
    if part.endswith("depthwise"):
        return receptive, receptive
    if part.startswith("transpose"):
        # With a stride of 2 a quarter of the window meets each output.
        receptive //= 4
    return receptive * shape[-2], receptive * shape[-1]
