"""Arrays brought to mean 0 and variance 1, or to unit length. Half precision is computed in float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import config
from multiback.errors import ArgumentError, ShapeError
from multiback.ops._cases import Bound, Case, Sample
from multiback.ops._define import Array, composite
from multiback.ops._precision import widened
from multiback.ops._rules import Axes, as_type, axis_index, axis_indices, promoting
from multiback.ops.arithmetic import abs
from multiback.ops.casting import cast, stop_gradient
from multiback.ops.exponential import power, rsqrt, square
from multiback.ops.reduction import amax, sum
from multiback.ops.selection import maximum, where
from multiback.ops.shaping import reshape, squeeze
from multiback.ops.statistics import mean

_FLOATS = ("float32", "float16", "bfloat16")


def _moments(x: Any, axes: Sequence[int]) -> tuple[Any, Any]:
    center = mean(x, axes, keepdims=True)
    return center, mean(square(x - center), axes, keepdims=True)


def _conditioned(x: Sample, scale: Any) -> Bound:
    """Of normalisation: inputs far from 0 lose |x| / sigma of their digits, in gradients too."""
    deviation = (x.high - x.low) / 12**0.5
    return Bound(8, scale, gradient=max(64.0, 16 * x.high / deviation))


def _moments_canonical(call: dict[str, Any]) -> None:
    promoting("x", to_float=True)(call)
    call["axes"] = axis_indices(call["axes"], call["x"].ndim)
    if call["synchronized"]:
        raise ArgumentError("moments(synchronized=True) needs several devices, which this version does not drive.")


def _moments_scale(x: Any, axes: Any, keepdims: bool = False) -> Any:
    axes = tuple(axes) if isinstance(axes, list | tuple) else axes
    size = np.max(np.abs(x), axes, keepdims=keepdims)
    return np.mean(np.abs(x), axes, keepdims=keepdims), np.std(x, axes, keepdims=keepdims) * size + size * size * 1e-6


@composite(
    canonical=_moments_canonical,
    cases=[
        Case((x,), {"axes": a, "keepdims": k}, f"{a} from {x.low}", d, _conditioned(x, _moments_scale))
        for a, k, x, d in (
            (0, False, Sample(("batch", 4, 3)), _FLOATS),
            ((0, 1), True, Sample(("batch", 4, 3)), ("float32",)),
            (-1, False, Sample(("batch", 4, 3), 99, 101), ("float32",)),
            (None, False, Sample(("batch", 4, 3)), ("float32",)),
        )
    ],
)
def moments(x: Array, axes: Axes, keepdims: bool = False, synchronized: bool = False) -> Any:
    """Mean and variance over axes: m = mean(x), v = mean((x - m)^2), of the whole population.

    Arguments:
        x: Any array; integers become float32.
        axes: Axes to reduce; None means all.
        keepdims: Whether they stay with size 1.
        synchronized: Must be False.

    Returns:
        The mean and the variance, each of the reduced shape, in the float dtype of `x`.

    Raises:
        ArgumentError: if `synchronized`.

    Example:
        >>> [y.item() for y in ops.moments([1.0, 3.0], 0)]
        [2.0, 1.0]
    """
    found = _moments(widened(x), axes)  # type: ignore[arg-type]
    if not keepdims:
        found = tuple(squeeze(y, axes) for y in found)  # type: ignore[assignment]
    return tuple(cast(y, x.dtype) for y in found)


def _axes_canonical(*affine: str) -> Any:
    """Canonical form: sorted axes, the affine operands in the dtype of x and of the shape of these axes."""

    def canonical(call: dict[str, Any]) -> None:
        promoting("x", to_float=True)(call)
        x = call["x"]
        call["axis"] = axes = axis_indices(call["axis"], x.ndim)
        if call["epsilon"] is None:
            call["epsilon"] = config.epsilon()
        expected = tuple(x.shape[a] for a in axes)
        for name in affine:
            call[name] = _affine(name, call[name], expected, x.dtype)

    return canonical


def _affine(name: str, value: Any, shape: Any, dtype: Any) -> Any:
    if value is not None and value.shape != shape:
        raise ShapeError(f"{name} must have the shape {shape} of the axes it scales, got {value.shape}.")
    return as_type(value, dtype)


def _beside(value: Any, x: Any, axes: Sequence[int]) -> Any:
    """An affine operand in the dtype of `x`, shaped to broadcast along its axes."""
    shape = tuple(n if a in axes else 1 for a, n in enumerate(x.shape))
    return cast(value if tuple(axes) == tuple(range(x.ndim))[-len(axes) :] else reshape(value, shape), x.dtype)


def _layer_scale(x: Any, gamma: Any, beta: Any, axis: Any = -1, epsilon: float = 1e-7) -> Any:
    axes = axis_indices(axis, x.ndim)
    spread = np.sqrt(np.var(x, axes, keepdims=True) + epsilon)
    scale = 2 * np.max(np.abs(x), axes, keepdims=True) / spread
    shape = tuple(n if a in axes else 1 for a, n in enumerate(x.shape))
    scale = scale if gamma is None else scale * np.abs(gamma).reshape(shape)
    return scale if beta is None else scale + np.abs(beta).reshape(shape)


def _layer_cases() -> list[Case]:
    x, wide = Sample(("batch", 4, 6)), Sample(("batch", 4, 6), 99, 101)
    rows: list[tuple[Any, Any, Any, dict[str, Any], Any]] = [
        (x, Sample((6,)), Sample((6,)), {"epsilon": 1e-3}, _FLOATS),
        (x, None, None, {}, ("float32",)),
        (x, Sample((6,)), None, {"epsilon": 1e-3}, ("float32",)),
        (x, None, Sample((6,)), {"epsilon": 1e-3}, ("float32",)),
        (wide, Sample((6,)), Sample((6,)), {"epsilon": 1e-3}, ("float32",)),
        (x, Sample((4, 6)), Sample((4, 6)), {"axis": (1, 2)}, ("float32",)),
        (x, Sample((4,)), Sample((4,)), {"axis": 1, "epsilon": 1e-3}, ("float32",)),
        (Sample(("batch", 3, 4, 2)), Sample((3, 2)), Sample((3, 2)), {"axis": (-1, 1), "epsilon": 1e-3}, ("float32",)),
        (Sample(values=[[2.0, 2.0, 2.0]]), None, None, {"epsilon": 1e-3}, ("float32",)),
    ]
    return [Case((a, b, c), d, f"{i} {d}", t, _conditioned(a, _layer_scale)) for i, (a, b, c, d, t) in enumerate(rows)]


@composite(canonical=_axes_canonical("gamma", "beta"), cases=_layer_cases())
def layer_normalization(
    x: Array, gamma: Array | None = None, beta: Array | None = None, axis: Axes = -1, epsilon: float | None = None
) -> Any:
    """Each sample brought to mean 0 and variance 1: gamma * (x - m) / sqrt(v + epsilon) + beta.

    Arguments:
        x: Any shape; integers become float32.
        gamma: Scale, of the sizes of `axis`, or None for 1.
        beta: Offset, of the sizes of `axis`, or None for 0.
        axis: The axes over which m and v are the mean and variance.
        epsilon: Added to the variance; by default `config.epsilon()`.

    Returns:
        The shape and float dtype of `x`.

    Raises:
        ShapeError: if gamma or beta has another shape.

    Source: Ba, Kiros and Hinton 2016, Layer normalization.

    Example:
        >>> ops.layer_normalization([[1.0, 3.0]], epsilon=0.0).tolist()
        [[-1.0, 1.0]]
    """
    wide = widened(x)
    center, variance = _moments(wide, axis)  # type: ignore[arg-type]
    y = (wide - center) * rsqrt(variance + epsilon)
    if gamma is not None:
        y = y * _beside(gamma, wide, axis)  # type: ignore[arg-type]
    if beta is not None:
        y = y + _beside(beta, wide, axis)  # type: ignore[arg-type]
    return cast(y, x.dtype)


def _rms_scale(x: Any, scale: Any, axis: Any = -1, epsilon: float = 1e-7) -> Any:
    axes = axis_indices(axis, x.ndim)
    y = np.abs(x) / np.sqrt(np.mean(x * x, axes, keepdims=True) + epsilon)
    return y if scale is None else y * np.abs(scale).reshape([n if a in axes else 1 for a, n in enumerate(x.shape)])


@composite(
    canonical=_axes_canonical("scale"),
    cases=[
        Case((Sample(("batch", 4, 6)), scale), attributes, f"{attributes}", types, Bound(8, _rms_scale))
        for scale, attributes, types in (
            (Sample((6,)), {"epsilon": 1e-3}, _FLOATS),
            (None, {}, ("float32",)),
            (Sample((4, 6)), {"axis": (1, 2)}, ("float32",)),
            (Sample((4,)), {"axis": 1}, ("float32",)),
        )
    ],
)
def rms_normalization(x: Array, scale: Array | None = None, axis: Axes = -1, epsilon: float | None = None) -> Any:
    """Each sample divided by its root mean square: scale * x / sqrt(mean(x^2) + epsilon).

    Arguments:
        x: Any shape; integers become float32.
        scale: Of the sizes of `axis`, or None for 1.
        axis: The axes of the mean.
        epsilon: Added to the mean square; by default `config.epsilon()`.

    Returns:
        The shape and float dtype of `x`.

    Raises:
        ShapeError: if scale has another shape.

    Source: Zhang and Sennrich 2019, Root mean square layer normalization.

    Example:
        >>> ops.rms_normalization([[3.0, -3.0]], epsilon=0.0).tolist()
        [[1.0, -1.0]]
    """
    wide = widened(x)
    y = wide * rsqrt(mean(square(wide), axis, keepdims=True) + epsilon)
    return cast(y if scale is None else y * _beside(scale, wide, axis), x.dtype)  # type: ignore[arg-type]


def _normalize_canonical(call: dict[str, Any]) -> None:
    promoting("x", to_float=True)(call)
    order = call["order"]
    if isinstance(order, bool) or not (order == float("inf") or isinstance(order, int)) or order < 1:
        raise ArgumentError(f"normalize() takes an order that is an integer of at least 1, got {order!r}.")
    if call["x"].ndim == 0:
        call["x"] = reshape(call["x"], (1,))
    call["axis"] = axis_indices(call["axis"], call["x"].ndim)
    call["epsilon"] = config.epsilon() if call["epsilon"] is None else call["epsilon"]


@composite(
    canonical=_normalize_canonical,
    cases=[
        Case((Sample(("batch", 4, 3)),), attributes, f"{attributes}")
        for attributes in ({}, {"axis": (0, 1)}, {"order": 1, "axis": 1}, {"order": 3}, {"epsilon": 4.0})
    ]
    + [
        Case((Sample(values=[[0.0, 0.0], [1e-8, 0.0], [3.0, 4.0]]),), {"order": order}, f"small, order {order}")
        for order in (1, 2, 3)
    ],
)
def normalize(x: Array, axis: Axes = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """The array divided by its norm: x / max(||x||_order, epsilon). The gradient at 0 is 1 / epsilon.

    Arguments:
        x: Any shape; integers become float32.
        axis: The axes of the norm.
        order: An integer of at least 1: of the norm (sum |x|^order)^(1/order).
        epsilon: The least norm divided by; by default `config.epsilon()`.

    Returns:
        The shape and float dtype of `x`.

    Raises:
        ArgumentError: for another order.

    Example:
        >>> ops.normalize([3.0, 4.0]).tolist()
        [0.6000000238418579, 0.800000011920929]
    """
    least: float = epsilon  # type: ignore[assignment]
    wide = widened(x)
    if order == 1:
        return cast(wide / maximum(sum(abs(wide), axis, keepdims=True), least), x.dtype)
    if order == float("inf"):
        return cast(wide / maximum(amax(abs(wide), axis, keepdims=True), least), x.dtype)
    total = sum(square(wide) if order == 2 else power(abs(wide), float(order)), axis, keepdims=True)
    small = total <= least**order
    if order == 2:
        return cast(wide * where(small, 1.0 / least, rsqrt(where(small, 1.0, total))), x.dtype)
    return cast(wide / where(small, least, power(where(small, 1.0, total), 1.0 / order)), x.dtype)


def _batch_canonical(*affine: str) -> Any:
    def canonical(call: dict[str, Any]) -> None:
        promoting("x", *affine, to_float=True)(call)
        x = call["x"]
        call["axis"] = axis_index(call["axis"], x.ndim)
        for name in affine:
            call[name] = _affine(name, call[name], (x.shape[call["axis"]],), x.dtype)

    return canonical


def _batch_scale(x: Any, center: Any, variance: Any, offset: Any, scale: Any, axis: int, epsilon: float = 1e-3) -> Any:
    shape = [1] * x.ndim
    shape[axis] = -1
    reach = (np.abs(x) + np.abs(center).reshape(shape)) / np.sqrt(variance.reshape(shape) + epsilon)
    reach = reach if scale is None else reach * np.abs(scale).reshape(shape)
    return reach if offset is None else reach + np.abs(offset).reshape(shape)


_C = Sample((3,))


@composite(
    canonical=_batch_canonical("mean", "variance", "offset", "scale"),
    cases=[
        Case((Sample(x), _C, Sample((3,), 0.1, 2), offset, scale), {"axis": axis}, f"{i}", bound=Bound(8, _batch_scale))
        for i, (x, axis, offset, scale) in enumerate(
            (
                (("batch", 4, 5, 3), -1, _C, _C),
                (("batch", 3, 4, 5), 1, _C, _C),
                (("batch", 3), -1, None, _C),
                (("batch", 4, 3), 2, _C, None),
                (("batch", 3, 4), 1, None, None),
                (("batch", 4, 3, 2), 2, _C, _C),
            )
        )
    ],
)
def batch_normalization(
    x: Array,
    mean: Array,
    variance: Array,
    axis: int,
    offset: Array | None = None,
    scale: Array | None = None,
    epsilon: float = 1e-3,
) -> Any:
    """Channels normalised by given statistics: scale * (x - mean) / sqrt(variance + epsilon) + offset.

    Arguments:
        x: Any shape; integers become float32.
        mean, variance: One number per element of `axis`.
        axis: The axis of the channels.
        offset: One number per channel, or None for 0.
        scale: One number per channel, or None for 1.
        epsilon: Added to the variance.

    Returns:
        The shape of `x`, in the dtype that all operands meet in.

    Raises:
        ShapeError: if a statistic or an affine operand has another shape.

    Source: Ioffe and Szegedy 2015, Batch normalization.

    Example:
        >>> ops.batch_normalization([[3.0]], [1.0], [4.0], axis=-1, epsilon=0.0).tolist()
        [[1.0]]
    """
    factor = rsqrt(variance + epsilon)
    factor = factor if scale is None else factor * scale
    shift = -mean * factor
    shift = shift if offset is None else shift + offset
    return x * _beside(factor, x, (axis,)) + _beside(shift, x, (axis,))


def _train_scale(x: Any, offset: Any, scale: Any, axis: int, epsilon: float = 1e-3) -> Any:
    axes = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    size = np.max(np.abs(x), axes)
    center, variance = np.mean(x, axes), np.var(x, axes)
    y = _batch_scale(np.broadcast_to(np.max(np.abs(x)), x.shape), center, variance, offset, scale, axis, epsilon)
    return y, np.mean(np.abs(x), axes), np.sqrt(variance) * size + size * size * 1e-6


@composite(
    canonical=_batch_canonical("offset", "scale"),
    cases=[
        Case((x, offset, scale), {"axis": axis}, f"{i}", bound=_conditioned(x, _train_scale))
        for i, (x, axis, offset, scale) in enumerate(
            (
                (Sample(("batch", 4, 5, 3)), -1, _C, _C),
                (Sample(("batch", 3, 4, 5)), 1, _C, _C),
                (Sample(("batch", 3)), -1, None, _C),
                (Sample(("batch", 4, 3)), 2, _C, None),
                (Sample(("batch", 4, 3, 2)), 2, None, None),
                (Sample(("batch", 4, 5, 3), 9, 11), -1, _C, _C),
            )
        )
    ]
    + [Case((Sample((1, 3)), _C, _C), {"axis": 1}, "one sample", bound=Bound(8, _train_scale))],
)
def batch_norm_train(
    x: Array, offset: Array | None = None, scale: Array | None = None, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """Channels brought to mean 0 and variance 1 by their own statistics in this batch.

    y = scale * (x - m) / sqrt(v + epsilon) + offset, with m and v = mean((x - m)^2) over all other axes.

    Arguments:
        x: Any shape; integers become float32.
        offset: One number per channel, or None for 0.
        scale: One number per channel, or None for 1.
        axis: The axis of the channels.
        epsilon: Added to the variance.

    Returns:
        y, of the shape of `x`; m and v, one number per channel, through which no gradient flows.

    Raises:
        ShapeError: if offset or scale has another shape.

    Source: Ioffe and Szegedy 2015, Batch normalization.

    Example:
        >>> [a.tolist() for a in ops.batch_norm_train([[1.0], [3.0]], epsilon=0.0)]
        [[[-1.0], [1.0]], [2.0], [1.0]]
    """
    axes = tuple(a for a in range(x.ndim) if a != axis)
    center, variance = _moments(x, axes)
    channels = (x.shape[axis],)
    factor = rsqrt(variance + epsilon)
    factor = factor if scale is None else factor * _beside(scale, x, (axis,))
    y = (x - center) * factor
    y = y if offset is None else y + _beside(offset, x, (axis,))
    return y, stop_gradient(reshape(center, channels)), stop_gradient(reshape(variance, channels))
