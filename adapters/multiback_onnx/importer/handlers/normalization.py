"""Normalizations."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback.graph.dims import product
from multiback_onnx.importer.files import dtype_of as element_type
from multiback_onnx.importer.node import Node, array, axis_index, dtype_of
from multiback_onnx.importer.registry import handler


@handler("BatchNormalization", 6)
def batch_normalization(node: Node, x: Any, scale: Any, offset: Any, mean: Any, variance: Any) -> Any:
    """Channels normalised by running statistics; in the training form by the batch's own, which update those."""
    x, scale, offset, mean, variance = map(array, (x, scale, offset, mean, variance))
    epsilon, momentum = node.get("epsilon", 1e-5), node.get("momentum", 0.9)
    axis = 1 if x.ndim > 1 else 0
    if not node.get("training_mode", 0) and not node.training:
        y = ops.batch_normalization(x, mean, variance, axis, offset, scale, epsilon)
        return ops.cast(y, dtype_of(x)) if dtype_of(y) != dtype_of(x) else y
    if tuple(mean.shape) != (x.shape[axis],):
        raise node.refuse("statistics for each element (spatial=0) are not supported.")
    wide = dtype_of(x) in ("float16", "bfloat16")
    y, batch_mean, batch_variance = ops.batch_norm_train(x, offset, scale, axis, epsilon)
    new_mean = _moved(mean, batch_mean, momentum)
    new_variance = _moved(variance, batch_variance, momentum)
    for index, value in ((3, new_mean), (4, new_variance)):
        variable = node.run.variables.get(node.inputs[index])
        if variable is not None:
            variable.assign(value)
    if wide and dtype_of(y) != dtype_of(x):
        y = ops.cast(y, dtype_of(x))
    return y, new_mean, new_variance


def _moved(old: Any, new: Any, momentum: float) -> Any:
    dtype = dtype_of(old)
    return ops.add(ops.multiply(old, momentum), ops.multiply(ops.cast(new, dtype), 1.0 - momentum))


@handler("InstanceNormalization")
def instance_normalization(node: Node, x: Any, scale: Any, offset: Any) -> Any:
    """Each channel of each sample normalised over space."""
    x = array(x)
    y = _normalized(x, tuple(range(2, x.ndim)), node.get("epsilon", 1e-5))
    return _affine(y, array(scale), array(offset))


def _normalized(x: Any, axes: tuple[int, ...], epsilon: float) -> Any:
    return ops.layer_normalization(x, axis=axes, epsilon=epsilon)


def _affine(y: Any, scale: Any, offset: Any) -> Any:
    shape = (1, y.shape[1], *[1] * (y.ndim - 2))
    return ops.add(ops.multiply(y, ops.reshape(scale, shape)), ops.reshape(offset, shape))


@handler("GroupNormalization", 18)
def group_normalization_per_group(node: Node, x: Any, scale: Any, offset: Any) -> Any:
    """Groups of channels normalised; scale and offset per group."""
    x = array(x)
    groups = node.attributes["num_groups"]
    shape = tuple(x.shape)
    parts = ops.reshape(x, (shape[0], groups, product(shape[1:]) // groups))
    y = _normalized(parts, (2,), node.get("epsilon", 1e-5))
    return ops.reshape(_affine(y, array(scale), array(offset)), shape)


@handler("GroupNormalization", 21)
def group_normalization(node: Node, x: Any, scale: Any, offset: Any) -> Any:
    """Groups of channels normalised; scale and offset per channel."""
    x = array(x)
    shape, groups = tuple(x.shape), node.attributes["num_groups"]
    parts = ops.reshape(x, (shape[0], groups, product(shape[1:]) // groups))
    y = ops.reshape(_normalized(parts, (2,), node.get("epsilon", 1e-5)), shape)
    return _affine(y, array(scale), array(offset))


@handler("LayerNormalization", 17)
def layer_normalization(node: Node, x: Any, scale: Any, offset: Any = None) -> Any:
    """The axes from `axis` on normalised; also their mean and inverse standard deviation."""
    x = array(x)
    axis = axis_index(node.get("axis", -1), x.ndim)
    axes = tuple(range(axis, x.ndim))
    epsilon = node.get("epsilon", 1e-5)
    scale, offset = array(scale), None if offset is None else array(offset)
    shape = tuple(x.shape[axis:])
    if tuple(scale.shape) == shape and (offset is None or tuple(offset.shape) == shape):
        y = ops.layer_normalization(x, scale, offset, axes, epsilon)
    else:
        y = ops.multiply(ops.layer_normalization(x, axis=axes, epsilon=epsilon), scale)
        y = y if offset is None else ops.add(y, offset)
    if not node.wants(1) and not node.wants(2):
        return y
    stash = element_type(node.get("stash_type", 1))
    wide = x if dtype_of(x) == stash else ops.cast(x, stash)
    mean = ops.mean(wide, axes, True)
    variance = ops.mean(ops.square(ops.subtract(wide, mean)), axes, True)
    return y, mean, ops.rsqrt(ops.add(variance, epsilon))


@handler("RMSNormalization", 23)
def rms_normalization(node: Node, x: Any, scale: Any) -> Any:
    """The axes from `axis` on divided by their root mean square."""
    x, scale = array(x), array(scale)
    axes = tuple(range(axis_index(node.get("axis", -1), x.ndim), x.ndim))
    epsilon = node.get("epsilon", 1e-5)
    if tuple(scale.shape) == tuple(x.shape[axes[0] :]) and dtype_of(scale) == dtype_of(x):
        return ops.rms_normalization(x, scale, axes, epsilon)
    y = ops.multiply(ops.rms_normalization(x, axis=axes, epsilon=epsilon), scale)
    return y if dtype_of(y) == dtype_of(scale) else ops.cast(y, dtype_of(scale))


@handler("LpNormalization")
def lp_normalization(node: Node, x: Any) -> Any:
    """Vectors along an axis divided by their 1- or 2-norm; 0 where that is 0."""
    x, axis = array(x), node.get("axis", -1)
    if node.get("p", 2) == 1:
        size = ops.sum(ops.abs(x), axis, True)
    else:
        size = ops.sqrt(ops.sum(ops.square(x), axis, True))
    return ops.divide_no_nan(x, size)


@handler("MeanVarianceNormalization")
def mean_variance_normalization(node: Node, x: Any) -> Any:
    """(x - mean) / (standard deviation + 1e-9) over axes."""
    x = array(x)
    axes = tuple(axis_index(a, x.ndim) for a in node.get("axes") or [0, 2, 3])
    centred = ops.subtract(x, ops.mean(x, axes, True))
    deviation = ops.sqrt(ops.mean(ops.square(centred), axes, True))
    return ops.divide(centred, ops.add(deviation, 1e-9))


@handler("LRN")
def local_response_normalization(node: Node, x: Any) -> Any:
    """x / (bias + alpha / size * sum of squares over neighbouring channels) ** beta."""
    x, size = array(x), node.attributes["size"]
    before = (size - 1) // 2
    widths = tuple((before, size - 1 - before) if i == 1 else (0, 0) for i in range(x.ndim))
    padded = ops.constant_pad(ops.square(x), widths, 0)
    total: Any = None
    for k in range(size):
        part = padded[:, k : k + x.shape[1]]
        total = part if total is None else ops.add(total, part)
    base = ops.add(ops.multiply(total, node.get("alpha", 1e-4) / size), node.get("bias", 1.0))
    return ops.divide(x, ops.power(base, node.get("beta", 0.75)))
