"""Normalizations; batch and instance norm change from statistics kept to those of the batch when training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.graph.dims import Dim, product
from multiback_torch.importer.composites._windows import beside_channels
from multiback_torch.importer.handlers import Context


def _batch_norm(
    x: Any, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, momentum: float, epsilon: float,
    *_: Any, context: Context,
) -> Any:  # fmt: skip
    if not (training or (context.training and mean is not None)):
        return ops.batch_normalization(x, mean, variance, 1, bias, weight, epsilon)
    y, center, spread = ops.batch_norm_train(x, bias, weight, 1, epsilon)
    names = context.weight_names[3:5]
    if mean is not None and None not in names:
        rate = momentum if training else _counted(names[0], momentum, context)
        _keep(context, names[0], center, rate)
        _keep(context, names[1], _unbiased(spread, product((x.shape[0], *x.shape[2:]))), rate)
    return y


def _counted(name: str | None, momentum: float, context: Context) -> Any:
    """Counts the batch, where the module's own training form would, and gives the share of its statistics."""
    counter = str(name).removesuffix("running_mean") + "num_batches_tracked"
    if counter not in context.weights:
        return momentum
    count = ops.add(context.weights[counter], 1)
    context.weights[counter].assign(count)
    if name not in context.averaging:
        return momentum
    return ops.divide(1.0, ops.cast(count, context.weights[str(name)].dtype))


def _keep(context: Context, name: str | None, new: Any, rate: Any) -> None:
    """running = (1 - rate) * running + rate * new, on the value that the buffer has now."""
    variable = context.weights[str(name)]
    new = ops.cast(new, variable.dtype)
    variable.assign(ops.add(ops.multiply(variable, 1.0 - rate), ops.multiply(new, rate)))


def _unbiased(variance: Any, count: Any) -> Any:
    """The variance with n - 1 in place of n."""
    if isinstance(count, Dim):
        n = ops.dimension(count, variance.dtype)
        return variance * (n / (n - 1.0))
    return variance * (count / (count - 1) if count > 1 else float("nan"))


def _batch_norm_kept(
    x: Any, weight: Any, bias: Any, mean: Any, variance: Any, momentum: float, epsilon: float, *, context: Context
) -> Any:
    return _batch_norm(x, weight, bias, mean, variance, False, momentum, epsilon, context=context), None, None


def _batch_norm_functional(
    x: Any, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, momentum: float, epsilon: float
) -> Any:
    """A batch norm whose new statistics are results."""
    if not training:
        return ops.batch_normalization(x, mean, variance, 1, bias, weight, epsilon), None, None, mean, variance
    y, center, spread = ops.batch_norm_train(x, bias, weight, 1, epsilon)
    unbiased = _unbiased(spread, product((x.shape[0], *x.shape[2:])))
    moved = [old * (1 - momentum) + new * momentum for old, new in ((mean, center), (variance, unbiased))]
    return y, center, ops.rsqrt(spread + epsilon), *moved


def _instance_norm(
    x: Any, weight: Any, bias: Any, mean: Any, variance: Any, own: bool, momentum: float, epsilon: float, *_: Any,
    context: Context,
) -> Any:  # fmt: skip
    if not (own or (context.training and mean is not None)):
        return ops.batch_normalization(x, mean, variance, 1, bias, weight, epsilon)
    axes = tuple(range(2, x.ndim))
    names = context.weight_names[3:5]
    if mean is not None and None not in names:
        if not own:
            _counted(names[0], momentum, context)
        center, spread = ops.moments(ops.stop_gradient(x), axes)
        _keep(context, names[0], ops.mean(center, 0), momentum)
        _keep(context, names[1], ops.mean(_unbiased(spread, product(x.shape[2:])), 0), momentum)
    return _affine(ops.layer_normalization(x, axis=axes, epsilon=epsilon), weight, bias)


def _affine(y: Any, weight: Any, bias: Any) -> Any:
    y = y if weight is None else y * beside_channels(weight, y.ndim)
    return y if bias is None else y + beside_channels(bias, y.ndim)


def _group_norm(x: Any, groups: int, weight: Any, bias: Any, epsilon: float, *_: Any) -> Any:
    batch, channels, *space = x.shape
    split = ops.reshape(x, (batch, groups, channels // groups, *space))
    y = ops.layer_normalization(split, axis=tuple(range(2, split.ndim)), epsilon=epsilon)
    return _affine(ops.reshape(y, x.shape), weight, bias)


def _native_group_norm(
    x: Any, weight: Any, bias: Any, batch: Any, channels: Any, size: Any, groups: int, epsilon: float
) -> Any:
    rows = ops.reshape(x, (batch, groups, channels // groups * size))
    return _group_norm(x, groups, weight, bias, epsilon), *_statistics(rows, (-1,), False, epsilon)


def _statistics(x: Any, axes: tuple[int, ...], keepdims: bool, epsilon: float) -> tuple[Any, Any]:
    """The mean and the reciprocal deviation by which a norm divides."""
    center, spread = ops.moments(x, axes, keepdims)
    return center, ops.rsqrt(spread + epsilon)


def _layer_norm(x: Any, shape: Any, weight: Any, bias: Any, epsilon: float, *_: Any) -> Any:
    return ops.layer_normalization(x, weight, bias, tuple(range(-len(shape), 0)), epsilon)


def _native_layer_norm(x: Any, shape: Any, weight: Any, bias: Any, epsilon: float) -> Any:
    axes = tuple(range(-len(shape), 0))
    return _layer_norm(x, shape, weight, bias, epsilon), *_statistics(x, axes, True, epsilon)


def _rms_norm(x: Any, shape: Any, weight: Any, epsilon: float | None) -> Any:
    # Left out, it is the unit of rounding of the dtype that torch computes in: float32 for halves.
    wide = x.dtype if x.dtype.bits >= 32 else dtypes.float32
    epsilon = float(np.finfo(wide.numpy).eps) if epsilon is None else epsilon
    return ops.rms_normalization(x, weight, tuple(range(-len(shape), 0)), epsilon)


def _fused_rms_norm(x: Any, shape: Any, weight: Any, epsilon: float | None) -> Any:
    return _rms_norm(x, shape, weight, epsilon), None


HANDLERS: dict[str, Callable[..., Any]] = {
    "aten.batch_norm": _batch_norm,
    "aten._native_batch_norm_legit_no_training": _batch_norm_kept,
    "aten._native_batch_norm_legit_functional": _batch_norm_functional,
    "aten.instance_norm": _instance_norm,
    "aten.group_norm": _group_norm,
    "aten.native_group_norm": _native_group_norm,
    "aten.layer_norm": _layer_norm,
    "aten.native_layer_norm": _native_layer_norm,
    "aten.rms_norm": _rms_norm,
    "aten._fused_rms_norm": _fused_rms_norm,
}
