"""How torch.nn names and lays out the weights of layers; importing this imports no framework."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback.porting.layout import Layout, Part

_BIAS = Part("bias", ("bias",))


def _moved(array: np.ndarray) -> np.ndarray:
    """(out, in, *window) as (*window, in, out)."""
    return array.transpose(*range(2, array.ndim), 1, 0)


def _depthwise(channels: int) -> Callable[[np.ndarray], np.ndarray]:
    """(channels * multiplier, 1, *window) as (*window, channels, multiplier)."""

    def convert(array: np.ndarray) -> np.ndarray:
        split = array.reshape(channels, -1, *array.shape[2:])
        return split.transpose(*range(2, split.ndim), 0, 1)

    return convert


def _dense(layer: Any) -> Sequence[Part]:
    return (Part("kernel", ("weight",), np.transpose), _BIAS)


def _convolution(layer: Any) -> Sequence[Part]:
    return (Part("kernel", ("weight",), _moved), _BIAS)


def _depthwise_convolution(layer: Any) -> Sequence[Part]:
    return (Part("kernel", ("weight",), _depthwise(layer.kernel.shape[-2])), _BIAS)


def _batch_normalization(layer: Any) -> Sequence[Part]:
    return (
        Part("gamma", ("weight",)),
        Part("beta", ("bias",)),
        Part("moving_mean", ("running_mean",)),
        Part("moving_variance", ("running_var",)),
    )


def _affine(layer: Any) -> Sequence[Part]:
    return (Part("gamma", ("weight",)), Part("beta", ("bias",)))


def _rms(layer: Any) -> Sequence[Part]:
    return (Part("scale", ("weight",)),)


def _embedding(layer: Any) -> Sequence[Part]:
    return (Part("embeddings", ("weight",)),)


def _prelu(layer: Any) -> Sequence[Part]:
    return (Part("alpha", ("weight",), lambda array: np.broadcast_to(array, layer.alpha.shape)),)


def _recurrent(layer: Any) -> Sequence[Part]:
    """One bias of ours is the sum of torch's two; the gates i, f, g, o have the order of ours."""
    return (
        Part("kernel", ("weight_ih_l0",), np.transpose),
        Part("recurrent_kernel", ("weight_hh_l0",), np.transpose),
        Part("bias", ("bias_ih_l0", "bias_hh_l0"), np.add),
    )


def _gru(layer: Any) -> Sequence[Part]:
    """The gates r, z, n of torch are z, r, n here; with `reset_after` there are two biases, as in torch."""

    def ordered(array: np.ndarray) -> np.ndarray:
        reset, update, new = np.split(array, 3)
        return np.concatenate([update, reset, new])

    def both(inner: np.ndarray, recurrent: np.ndarray) -> np.ndarray:
        return np.stack([ordered(inner), ordered(recurrent)])

    return (
        Part("kernel", ("weight_ih_l0",), lambda array: ordered(array).T),
        Part("recurrent_kernel", ("weight_hh_l0",), lambda array: ordered(array).T),
        Part("bias", ("bias_ih_l0", "bias_hh_l0"), both),
    )


LAYOUT = Layout(
    {
        "Dense": _dense,
        **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), _convolution),
        **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), _convolution),
        **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _depthwise_convolution),
        "BatchNormalization": _batch_normalization,
        **dict.fromkeys(("LayerNormalization", "GroupNormalization"), _affine),
        "RMSNormalization": _rms,
        "Embedding": _embedding,
        "PReLU": _prelu,
        **dict.fromkeys(("LSTMCell", "SimpleRNNCell"), _recurrent),
        "GRUCell": _gru,
    },
    ignored=frozenset({"num_batches_tracked"}),
    transparent=frozenset({"LSTMCell", "GRUCell", "SimpleRNNCell"}),
)
