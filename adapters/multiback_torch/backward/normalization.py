"""Gradients of normalisation by torch's kernels."""

from __future__ import annotations

from typing import Any

import torch

from multiback.graph.explicit import Rule, Uncovered
from multiback.graph.ir import Spec
from multiback.graph.kernels import Kernel, opaque
from multiback_torch.backward._aten import aten
from multiback_torch.fast.normalization import FAST, channels_second, restored


def layer_norm_gradient(g, x, mean, deviation, gamma, beta, *, axis, wanted):
    shape = x.shape[axis[0] :]
    return aten.native_layer_norm_backward(g, x, shape, mean, deviation, gamma, beta, wanted)


_LAYER_NORM = Kernel(
    "layer_normalization",
    "torch.native_layer_norm({x}, {x}.shape[{first}:], {gamma}, {beta}, {epsilon})",
    ("x", "gamma", "beta"),
    ("first", "epsilon"),
)
_LAYER_NORM_GRADIENT = Kernel(
    "layer_normalization_gradient",
    layer_norm_gradient,
    ("g", "x", "mean", "deviation", "gamma", "beta"),
    ("axis", "wanted"),
)


def _layer_norm_forward(outputs: Any, x: Any, gamma: Any, beta: Any, *, axis: Any, epsilon: float) -> Any:
    moments = Spec((*x.shape[: axis[0]], *[1] * len(axis)), x.dtype)
    y, *saved = _LAYER_NORM(x, gamma, beta, outputs=(outputs, moments, moments), first=axis[0], epsilon=epsilon)
    return y, saved


def _layer_norm_backward(
    g: Any, saved: Any, wanted: Any, x: Any, gamma: Any, beta: Any, *, axis: Any, epsilon: float
) -> Any:
    specs = tuple(like.spec if w else opaque() for like, w in zip((x, gamma, beta), wanted))
    found = _LAYER_NORM_GRADIENT(g, x, *saved, gamma, beta, outputs=specs, axis=axis, wanted=wanted)
    return tuple(y if w else None for y, w in zip(found, wanted))


def batch_norm(x, offset, scale, *, axis, epsilon):
    channels = x.shape[axis]
    mean, variance = x.new_zeros(channels), x.new_zeros(channels)
    y, center, deviation = torch.native_batch_norm(
        channels_second(x, axis), scale, offset, mean, variance, True, 1.0, epsilon
    )
    count = x.numel() // channels
    # The kernel divides the variance by count - 1.
    variance = variance * ((count - 1) / count) if count > 1 else x.new_zeros(channels)
    return restored(y, x, axis), mean, variance, center, deviation


def batch_norm_gradient(g, x, scale, center, deviation, *, axis, epsilon, wanted):
    g, rows = channels_second(g, axis), channels_second(x, axis)
    dx, *rest = aten.native_batch_norm_backward(g, rows, scale, None, None, center, deviation, True, epsilon, wanted)
    return (restored(dx, x, axis) if wanted[0] else None, *rest)


_BATCH_NORM = Kernel("batch_norm_train", batch_norm, ("x", "offset", "scale"), ("axis", "epsilon"))
_BATCH_NORM_GRADIENT = Kernel(
    "batch_norm_gradient",
    batch_norm_gradient,
    ("g", "x", "scale", "center", "deviation"),
    ("axis", "epsilon", "wanted"),
)


def _batch_norm_forward(outputs: Any, x: Any, offset: Any, scale: Any, *, axis: int, epsilon: float) -> Any:
    moments = outputs[1]
    *found, center, deviation = _BATCH_NORM(
        x, offset, scale, outputs=(*outputs, moments, moments), axis=axis, epsilon=epsilon
    )
    return tuple(found), (center, deviation)


def _batch_norm_backward(
    g: Any, saved: Any, wanted: Any, x: Any, offset: Any, scale: Any, *, axis: int, epsilon: float
) -> Any:
    if g[1] is not None or g[2] is not None:
        raise Uncovered  # The kernel has no gradient for its statistics.
    # The kernel's order: x, scale, offset.
    chosen = (wanted[0], wanted[2], wanted[1])
    specs = tuple(like.spec if w else opaque() for like, w in zip((x, scale, offset), chosen))
    dx, dscale, doffset = _BATCH_NORM_GRADIENT(
        g[0], x, scale, *saved, outputs=specs, axis=axis, epsilon=epsilon, wanted=chosen
    )
    return tuple(y if w else None for y, w in zip((dx, doffset, dscale), wanted))


BACKWARD = {
    "layer_normalization": Rule(_layer_norm_backward, _layer_norm_forward, FAST["layer_normalization"].when),
    "batch_norm_train": Rule(_batch_norm_backward, _batch_norm_forward, FAST["batch_norm_train"].when),
}
