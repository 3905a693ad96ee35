"""Arrays brought to mean 0 and variance 1, or to unit length. Half precision is computed in float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import config
from multiback.errors import ArgumentError, ShapeError
from multiback.ops._cases import FLOATS, HALVES, OTHER_FLOATS, Bound, Case, Sample
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

_INF = float("inf")


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
    x = np.asarray(x, np.float64)
    size = np.max(np.abs(x), axes, keepdims=keepdims, initial=0.0)
    count = max(1, x.size // max(1, size.size))
    mean = np.sum(np.abs(x), axes, keepdims=keepdims) / count
    spread = np.sqrt(np.sum(np.square(x - np.sum(x, axes, keepdims=True) / count), axes, keepdims=keepdims) / count)
    return mean, spread * size + size * size * 1e-6


@composite(
    canonical=_moments_canonical,
    cases=[
        Case((x,), {"axes": a, "keepdims": k}, label, d, _conditioned(x, _moments_scale), smooth)
        for label, a, k, x, d, smooth in (
            ("axis of the batch", 0, False, Sample(("batch", 4, 3)), FLOATS, True),
            ("two axes, kept", (0, 1), True, Sample(("batch", 4, 3)), FLOATS, True),
            ("two axes apart", (2, 0), False, Sample(("batch", 4, 3)), FLOATS, True),
            ("far from 0", -1, False, Sample(("batch", 4, 3), 99, 101), FLOATS, True),
            ("all axes", None, False, Sample(("batch", 4, 3)), FLOATS, True),
            ("integers", 0, False, Sample((4, 3), -9, 9), ("int32", "uint8", "bool"), False),
            ("other floats", (0, 1), False, Sample((4, 5, 3), 99, 101), OTHER_FLOATS, False),
            ("squares beyond float16", 1, True, Sample((3, 9), -900, 900), OTHER_FLOATS, False),
            ("gradient in half precision", 1, False, Sample((3, 9)), HALVES, True),
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
    x = np.asarray(x, np.float64)
    spread = np.sqrt(np.var(x, axes, keepdims=True) + epsilon)
    scale = 2 * np.max(np.abs(x), axes, keepdims=True) / spread
    shape = tuple(n if a in axes else 1 for a, n in enumerate(x.shape))
    scale = scale if gamma is None else scale * np.abs(gamma).reshape(shape)
    return scale if beta is None else scale + np.abs(beta).reshape(shape)


def _layer_cases() -> list[Case]:
    x, wide = Sample(("batch", 4, 6)), Sample(("batch", 4, 6), 99, 101)
    near: dict[str, Any] = {"epsilon": 1e-3}
    default: dict[str, Any] = {}
    six, four = Sample((6,)), Sample((4,))
    rows: list[tuple[str, Any, dict[str, Any], Any, bool]] = [
        ("gamma, beta", (x, six, six), near, FLOATS, True),
        ("plain", (x, None, None), default, FLOATS, True),
        ("gamma", (x, six, None), near, FLOATS, True),
        ("beta", (x, None, six), near, FLOATS, True),
        ("far from 0", (wide, six, six), near, FLOATS, True),
        ("two axes", (x, Sample((4, 6)), Sample((4, 6))), {"axis": (1, 2)}, FLOATS, True),
        ("axis in the middle", (x, four, four), {"axis": 1, **near}, FLOATS, True),
        (
            "two axes apart",
            (Sample(("batch", 3, 4, 2)), Sample((3, 2)), Sample((3, 2))),
            {"axis": (-1, 1), **near},
            FLOATS,
            True,
        ),
        ("constant", (Sample(values=[[2.0, 2.0, 2.0]]), None, None), near, FLOATS, True),
        ("one element", (Sample(("batch", 1)), Sample((1,)), Sample((1,))), near, FLOATS, False),
        ("divergence-39", (Sample((3, 6), -1e-3, 1e-3), None, None), default, FLOATS, True),
        ("thousand elements", (Sample((2, 1000), 9, 11), None, None), near, FLOATS, True),
        ("integers", (Sample((3, 6), -9, 9), None, None), near, ("int32", "uint8"), False),
        ("other floats", (Sample((3, 4, 6), 9, 11), six, six), near, OTHER_FLOATS, False),
        ("middle in other floats", (Sample((3, 4, 6)), four, four), {"axis": 1, **near}, OTHER_FLOATS, False),
        ("squares beyond float16", (Sample((3, 6), -900, 900), six, six), near, OTHER_FLOATS, False),
        ("gradient in half precision", (Sample((3, 4, 6)), six, six), near, HALVES, True),
    ]
    return [
        Case(operands, attributes, label, dtypes, _conditioned(operands[0], _layer_scale), smooth)
        for label, operands, attributes, dtypes, smooth in rows
    ]


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
    x = np.asarray(x, np.float64)
    y = np.abs(x) / np.sqrt(np.mean(x * x, axes, keepdims=True) + epsilon)
    return y if scale is None else y * np.abs(scale).reshape([n if a in axes else 1 for a, n in enumerate(x.shape)])


@composite(
    canonical=_axes_canonical("scale"),
    cases=[
        Case((x, scale), attributes, label, types, Bound(8, _rms_scale), smooth)
        for label, x, scale, attributes, types, smooth in (
            ("scale", Sample(("batch", 4, 6)), Sample((6,)), {"epsilon": 1e-3}, FLOATS, True),
            ("plain", Sample(("batch", 4, 6)), None, {}, FLOATS, True),
            ("two axes", Sample(("batch", 4, 6)), Sample((4, 6)), {"axis": (1, 2)}, FLOATS, True),
            ("axis in the middle", Sample(("batch", 4, 6)), Sample((4,)), {"axis": 1}, FLOATS, True),
            ("small", Sample((3, 6), -1e-3, 1e-3), None, {}, FLOATS, True),
            ("zeros", Sample(values=[[0.0, 0.0]]), None, {"epsilon": 1e-3}, FLOATS, True),
            ("integers", Sample((3, 6), -9, 9), None, {"epsilon": 1e-3}, ("int32", "uint8"), False),
            ("other floats", Sample((3, 4, 6)), Sample((6,)), {"epsilon": 1e-3}, OTHER_FLOATS, False),
            ("middle in other floats", Sample((3, 4, 6)), Sample((4,)), {"axis": 1}, OTHER_FLOATS, False),
            ("squares beyond float16", Sample((3, 6), -900, 900), Sample((6,)), {}, OTHER_FLOATS, False),
            ("gradient in half precision", Sample((3, 4, 6)), Sample((6,)), {"epsilon": 1e-3}, HALVES, True),
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
        Case((Sample(("batch", 4, 3)),), attributes, f"{attributes or 'plain'}")
        for attributes in (
            *({}, {"axis": (0, 1)}, {"order": 1, "axis": 1}, {"order": 3}, {"order": _INF}, {"order": _INF, "axis": 1}),
            {"epsilon": 4.0},
        )
    ]
    + [
        Case((Sample(values=[[0.0, 0.0], [1e-8, 0.0], [3.0, 4.0]]),), {"order": order}, label, smooth=False)
        for order, label in ((1, "small, order 1"), (2, "divergence-43"), (3, "small, order 3"))
    ]
    + [
        Case((Sample(()),), {}, "scalar", differentiable=False),
        Case((Sample((3, 4), -9, 9),), {}, "integers", ("int32", "uint8"), differentiable=False),
        *(
            Case(
                (Sample((3, 6), -90, 90),),
                {"order": order},
                f"other floats, order {order}",
                OTHER_FLOATS,
                Bound(8),
                False,
            )
            for order in (1, 2, 3, _INF)
        ),
        Case((Sample((3, 6)),), {}, "gradient in half precision", HALVES),
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
    ]
    + [
        Case((x, center, variance, _C, _C), {"axis": -1}, label, dtypes, Bound(8, _batch_scale), smooth)
        for label, x, center, variance, dtypes, smooth in (
            ("divergence-38", Sample((4, 3)), _C, Sample((3,), 0.0, 2e-3), FLOATS, True),
            ("integers", Sample((4, 3), -9, 9), _C, Sample((3,), 1, 9), ("int32", "uint8"), False),
            ("other floats", Sample((2, 4, 5, 3)), _C, Sample((3,), 0.1, 2), OTHER_FLOATS, False),
            ("squares beyond float16", Sample((9, 3), -900, 900), _C, Sample((3,), 1e4, 6e4), OTHER_FLOATS, False),
            ("gradient in half precision", Sample((2, 4, 5, 3)), _C, Sample((3,), 0.1, 2), HALVES, True),
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
    wide = widened(x)
    factor = rsqrt(widened(variance) + epsilon)
    factor = factor if scale is None else factor * widened(scale)
    shift = -widened(mean) * factor
    shift = shift if offset is None else shift + widened(offset)
    return cast(wide * _beside(factor, wide, (axis,)) + _beside(shift, wide, (axis,)), x.dtype)


def _train_scale(x: Any, offset: Any, scale: Any, axis: int, epsilon: float = 1e-3) -> Any:
    axes = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    size = np.max(np.abs(x), axes, initial=0.0)
    center, variance = np.mean(x, axes), np.var(x, axes)
    y = _batch_scale(
        np.broadcast_to(np.max(np.abs(x), initial=0.0), x.shape), center, variance, offset, scale, axis, epsilon
    )
    # An error d of x - mean moves its square by 2 |x - mean| d.
    return y, np.mean(np.abs(x), axes), 2 * np.sqrt(variance) * size + size * size * 1e-6


@composite(
    canonical=_batch_canonical("offset", "scale"),
    # An empty batch has no statistics, and no gradient flows through them.
    cases=[
        Case((x, offset, scale), {"axis": axis}, f"{i}", bound=_conditioned(x, _train_scale), edges=False, smooth=False)
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
    + [
        Case((x, _C, _C), {"axis": -1}, label, dtypes, _conditioned(x, _train_scale), differentiable, smooth=False)
        for label, x, dtypes, differentiable in (
            ("one sample", Sample((1, 3)), FLOATS, True),
            ("divergence-38", Sample((4, 3), -3e-2, 3e-2), FLOATS, True),
            ("integers", Sample((4, 3), -9, 9), ("int32", "uint8"), False),
            ("other floats", Sample((2, 4, 5, 3), 9, 11), OTHER_FLOATS, False),
            ("squares beyond float16", Sample((9, 3), -900, 900), OTHER_FLOATS, False),
            ("gradient in half precision", Sample((2, 4, 5, 3)), HALVES, True),
        )
    ],
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
    wide = widened(x)
    center, variance = _moments(wide, axes)
    factor = rsqrt(variance + epsilon)
    factor = factor if scale is None else factor * _beside(scale, wide, (axis,))
    y = (wide - center) * factor
    y = y if offset is None else y + _beside(offset, wide, (axis,))
    statistics = (stop_gradient(cast(reshape(a, (x.shape[axis],)), x.dtype)) for a in (center, variance))
    return cast(y, x.dtype), *statistics
