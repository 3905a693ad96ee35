"""Biases, normalizations, softmax, losses, and simulated quantization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import ops
from multiback.graph.dims import product
from multiback.graph.trace import current_builder

Handler = Callable[..., Any]


def _bias_add(x: Any, bias: Any, data_format: str = "NHWC", **_: Any) -> Any:
    if data_format.startswith("NC") and x.ndim > 2:
        bias = ops.reshape(bias, (bias.shape[0], *[1] * (x.ndim - 2)))
    return ops.add(x, bias)


def _fused_batch_norm(x: Any, scale: Any, offset: Any, mean: Any, variance: Any, **a: Any) -> Any:
    """Batch normalization; in training the fused kernel hands on the variance with N - 1 in the divisor.

    TensorFlow's gradient goes through the normalized array alone, not through the statistics that are handed on.
    """
    y, mean, variance, *rest = _batch_norm(x, scale, offset, mean, variance, a)
    return y, ops.stop_gradient(mean), ops.stop_gradient(variance), *rest


def _batch_norm(x: Any, scale: Any, offset: Any, mean: Any, variance: Any, a: dict[str, Any]) -> tuple[Any, ...]:
    axis = 1 if a["data_format"].startswith("NC") else x.ndim - 1
    epsilon = np.float32(a["epsilon"]).item()
    empty = ops.zeros((0,), scale.dtype)
    if not a["is_training"]:
        # TensorFlow has no gradient for given statistics; those that are not trained need no mark for it.
        mean, variance = (v if is_statistic(v) else ops.stop_gradient(v) for v in (mean, variance))
        y = ops.batch_normalization(x, mean, variance, axis, offset, scale, epsilon)
        return y, mean, variance, mean, variance, empty
    axes = tuple(i for i in range(x.ndim) if i != axis)
    wide = ops.cast(x, "float32") if x.dtype.bits < 32 else x
    batch_mean, batch_variance = ops.moments(wide, axes)
    y = ops.batch_normalization(wide, batch_mean, batch_variance, axis, offset, scale, epsilon)
    y = ops.cast(y, x.dtype) if y.dtype != x.dtype else y
    count = product(x.shape[i] for i in axes)
    unbiased = batch_variance * _bessel(count, wide.dtype)
    factor = np.float32(a["exponential_avg_factor"]).item()
    if factor == 1.0:
        return y, batch_mean, unbiased, batch_mean, batch_variance, empty
    new_mean = (1.0 - factor) * mean + factor * batch_mean
    return y, new_mean, (1.0 - factor) * variance + factor * unbiased, batch_mean, batch_variance, empty


def is_statistic(x: Any) -> bool:
    """Whether a value is that of a Variable which is not trained."""
    state = current_builder().root.state.items()  # type: ignore[union-attr]
    return any(value is x and not variable.trainable for variable, value in state)


def _bessel(count: Any, dtype: Any) -> Any:
    """N / (N - 1); 1 for a single element."""
    if isinstance(count, int):
        return count / max(count - 1, 1)
    number = ops.dimension(count, dtype)
    return number / ops.maximum(number - 1.0, 1.0)


def _local_response(x: Any, depth_radius: int, bias: float, alpha: float, beta: float, **_: Any) -> Any:
    channels = x.shape[-1]
    near = ops.constant_pad(ops.square(x), ((0, 0), (0, 0), (0, 0), (depth_radius, depth_radius)), 0)
    total = near[..., 0:channels]
    for i in range(1, 2 * depth_radius + 1):
        total = total + near[..., i : i + channels]
    scale = np.float32(bias).item() + np.float32(alpha).item() * total
    return x * ops.power(scale, -np.float32(beta).item())


def _softmax_loss(logits: Any, labels: Any, **_: Any) -> Any:
    """The loss of each row, and its gradient for the logits."""
    logits, labels = ops.broadcast_arrays(logits, labels)
    loss = ops.negative(ops.sum(labels * ops.log_softmax(logits), axis=-1))
    return loss, ops.softmax(logits) - labels


def _sparse_softmax_loss(logits: Any, labels: Any, **_: Any) -> Any:
    scores = ops.log_softmax(logits)
    picked = ops.take_along_axis(scores, labels[..., None], -1)[..., 0]
    hot = ops.one_hot(labels, logits.shape[-1], -1, logits.dtype)
    return ops.negative(picked), ops.softmax(logits) - hot


def _nudged(low: Any, high: Any, bits: int, narrow: bool) -> tuple[Any, Any, Any]:
    """The range moved so that zero is one of its steps, and the size of a step."""
    first, last = float(narrow), float(2**bits - 1)
    scale = (high - low) / (last - first)
    zero = first - low / scale
    point = ops.where(zero < first, first, ops.where(zero > last, last, ops.floor(zero + 0.5)))
    return (first - point) * scale, (last - point) * scale, scale


def _fake_quantized(x: Any, low: Any, high: Any, bits: int, narrow: bool) -> Any:
    """x rounded to the steps of a range; its gradient is that of the clipping."""
    low, high, scale = (ops.stop_gradient(part) for part in _nudged(low, high, bits, narrow))
    inside = ops.minimum(ops.maximum(x, low), high)
    steps = ops.floor((inside - low) / scale + 0.5) * scale + low
    return inside + ops.stop_gradient(steps - inside)


def _fake_quantized_range(x: Any, low: Any, high: Any, num_bits: int, narrow_range: bool, **_: Any) -> Any:
    return _fake_quantized(x, low, high, num_bits, narrow_range)


def _fake_quantized_fixed(x: Any, min: float, max: float, num_bits: int, narrow_range: bool, **_: Any) -> Any:
    low, high = (ops.cast(np.asarray(np.float32(v)), x.dtype) for v in (min, max))
    return _fake_quantized(x, low, high, num_bits, narrow_range)


HANDLERS: dict[str, Handler] = {
    "BiasAdd": _bias_add,
    "BiasAddV1": _bias_add,
    "FakeQuantWithMinMaxArgs": _fake_quantized_fixed,
    "FakeQuantWithMinMaxVars": _fake_quantized_range,
    "FakeQuantWithMinMaxVarsPerChannel": _fake_quantized_range,
    "FusedBatchNorm": _fused_batch_norm,
    "FusedBatchNormV2": _fused_batch_norm,
    "FusedBatchNormV3": _fused_batch_norm,
    "LRN": _local_response,
    "LogSoftmax": lambda x, **_: ops.log_softmax(x),
    "Softmax": lambda x, **_: ops.softmax(x),
    "SoftmaxCrossEntropyWithLogits": _softmax_loss,
    "SparseSoftmaxCrossEntropyWithLogits": _sparse_softmax_loss,
}
