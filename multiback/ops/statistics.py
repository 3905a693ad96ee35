"""Means, variances, counts and logarithmic sums along axes; `axis=None` means all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import ShapeError
from multiback.graph.dims import Dim, product
from multiback.graph.op import OPS
from multiback.ops._cases import ALL_FLOATS, HALVES, Bound, Case, Sample, exact
from multiback.ops._define import Array, composite
from multiback.ops._precision import widened
from multiback.ops._rules import Axes, axis_indices, chained, promoting
from multiback.ops.arithmetic import divide, multiply, subtract
from multiback.ops.casting import cast, stop_gradient
from multiback.ops.comparison import isfinite, less_equal, not_equal
from multiback.ops.exponential import exp, log, sqrt, square
from multiback.ops.reduction import amax, over_magnitudes, reduction_axes, reductions, sum
from multiback.ops.selection import where
from multiback.ops.sizes import dimension

_INF, _NAN = float("inf"), float("nan")
_FLOAT_AXES = chained(promoting("x", to_float=True), reduction_axes)
_LONG = Sample((2, 1000), 0.0, 1.0)
_ROUND = Sample(("batch", 5, 3), transform=np.round)


def _spread(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The magnitude at which the deviations from the mean are rounded; that of the mean in float32 counts squared."""
    center = _mean(x, axis, True)
    size = np.abs(x) + np.abs(center)
    return _mean(np.abs(x - center) * size + 2.0**-24 * size * size, axis, keepdims)


def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """NumPy's mean without its warning for no elements."""
    count = np.sum(np.ones_like(x), axis=axis, keepdims=keepdims)
    return np.sum(x, axis=axis, keepdims=keepdims) / np.maximum(count, 1.0)


def _count(x: Any, axis: Any) -> Any:
    """How many elements are reduced to one, as a number or, when it is symbolic, as a scalar."""
    size = product(x.shape[i] for i in axis)
    return dimension(size, x.dtype) if isinstance(size, Dim) else float(size)


@composite(
    canonical=_FLOAT_AXES,
    cases=[
        *reductions(Bound(62, over_magnitudes(_mean)), dtypes=("float32", "float64")),  # as of sum, and a quotient
        Case((Sample((4, 5, 3)),), {"axis": (0, 1)}, "axis=(0, 1)", HALVES, Bound(2, over_magnitudes(_mean)), False),
        Case((_LONG,), {"axis": 1}, "long", HALVES, Bound(2), False),
        Case((Sample((3, 3), 5e4, 6e4),), {"axis": 1}, "whose sum overflows", ("float16",), Bound(2), False),
        *exact(
            ("int32", "uint8", "int64"),
            Sample(values=[[1, 2], [3, 5]]),
            label="divergence-7",
            result=("float32",) * 3,
            axis=1,
        ),
        *exact(["bool"], Sample(values=[1, 0], dtype="bool"), label="divergence-7", result=["float32"]),
        *exact(["float32"], Sample(values=[[_INF, 1.0], [_INF, -_INF], [_NAN, 1.0]]), label="special", axis=1),
        *exact(["float32"], Sample(values=np.zeros((2, 0))), label="divergence-24", axis=1),
    ],
)
def mean(x: Array, axis: Axes = None, keepdims: bool = False) -> Any:
    """Arithmetic mean over axes: y = sum_i x[i] / n; NaN over none. Integers and bools become float32.

    Floats of 16 bits are added in float32.

    Arguments:
        x: Any array.
        axis: Axes to average over; None means all.
        keepdims: Whether they stay with size 1.

    Returns:
        The reduced shape, in the float dtype of `x`.

    Source: array API standard 2024.12, mean.

    Example:
        >>> ops.mean([[1, 2], [3, 4]], axis=0).tolist()
        [2.0, 3.0]
    """
    wide = widened(x)
    return cast(divide(sum(wide, axis, keepdims), _count(wide, axis)), x.dtype)


# The gradient is x - mean, at most 1, with the error of a mean of 1000.
_FAR, _FAR_GRADIENT = Sample((3, 50), 999.0, 1001.0), 2000
_DEVIATIONS = [
    Case((Sample(values=[[2.0, _NAN, 1.0], [1.0, _INF, 0.0], [3.0, 3.0, 3.0]]),), {"axis": 1}, "special", ALL_FLOATS),
    Case((Sample(values=[[2, 4], [1, -4]]),), {"axis": 1}, "integers", ("int32", "bool")),
]
_SPECIAL_DEVIATIONS = [replace(case, differentiable=False) for case in _DEVIATIONS]


@composite(
    canonical=_FLOAT_AXES,
    cases=[
        *reductions(Bound(8, _spread), dtypes=ALL_FLOATS),
        Case((_FAR,), {"axis": 1}, "far from zero", bound=Bound(8, _spread, _FAR_GRADIENT)),
        Case((Sample(values=[[1.0, 2.0, 6.0]]),), {"axis": 1}, "divergence-37"),
        *_SPECIAL_DEVIATIONS,
    ],
)
def var(x: Array, axis: Axes = None, keepdims: bool = False) -> Any:
    """Variance over axes: y = mean((x - mean(x))**2), of the whole population (divided by n); NaN over none.

    Floats of 16 bits are computed in float32.

    Arguments:
        x: Any array; integers become float32.
        axis: Axes to reduce; None means all.
        keepdims: Whether they stay with size 1.

    Returns:
        The reduced shape, in the float dtype of `x`.

    Source: array API standard 2024.12, var, with correction 0.

    Example:
        >>> ops.var([1.0, 3.0]).tolist()
        1.0
    """
    wide = widened(x)
    return cast(mean(square(wide - mean(wide, axis, True)), axis, keepdims), x.dtype)


def _relative_spread(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    center = _mean(x, axis, True)
    deviation = np.sqrt(_mean((x - center) ** 2, axis, keepdims))
    linear = _mean(np.abs(x - center) * (np.abs(x) + np.abs(center)), axis, keepdims)
    return linear / np.maximum(deviation, 1e-30) + _mean(np.abs(x), axis, keepdims)


@composite(
    canonical=_FLOAT_AXES,
    cases=[
        *reductions(Bound(8, _relative_spread), dtypes=ALL_FLOATS),
        Case((_FAR,), {"axis": 1}, "far from zero", bound=Bound(8, _relative_spread, _FAR_GRADIENT)),
        Case((Sample((3, 9), -900, 900),), {"axis": 1}, "whose variance overflows", ("float16",), Bound(4), False),
        Case((Sample(values=[[2.0, 2.0], [1.0, 3.0]]),), {"axis": 1}, "divergence-33", smooth=False),
        Case((Sample(values=[[1.0, 2.0, 6.0]]),), {"axis": 1}, "divergence-37"),
        *_SPECIAL_DEVIATIONS,
    ],
)
def std(x: Array, axis: Axes = None, keepdims: bool = False) -> Any:
    """Standard deviation over axes: y = sqrt(mean((x - mean(x))**2)). Where it is 0, so is its gradient.

    Floats of 16 bits are computed in float32.

    Arguments:
        x: Any array; integers become float32.
        axis: Axes to reduce; None means all.
        keepdims: Whether they stay with size 1.

    Returns:
        The reduced shape, in the float dtype of `x`.

    Source: array API standard 2024.12, std, with correction 0.

    Example:
        >>> ops.std([1.0, 3.0]).tolist()
        1.0
    """
    variance = var(widened(x), axis, keepdims)
    zero = less_equal(variance, 0.0)
    return cast(where(zero, 0.0, sqrt(where(zero, 1.0, variance))), x.dtype)


@composite(
    cases=[
        *exact(ALL_FLOATS, _ROUND, label="axis=1", axis=1),
        *exact(["float32"], _ROUND, label="all"),
        *exact(["float32"], _ROUND, label="several", axis=(0, -1)),
        *exact(["float32"], Sample(()), label="scalar"),
        *exact(["float32"], Sample(values=[0.0, -0.0, _NAN, 2.0, _INF]), label="special"),
        *exact(["float32"], Sample(values=np.zeros((2, 0))), label="empty", axis=1),
        *exact(["bool"], Sample((2, 3), dtype="bool"), label="bools", axis=(0, 1)),
        *exact(["int32", "uint8", "int64"], Sample((2, 3), 0, 2), label="integers", axis=-1),
    ],
)
def count_nonzero(x: Array, axis: Axes = None) -> Any:
    """How many elements over axes are not zero: y = sum_i (x[i] != 0). NaN counts.

    Arguments:
        x: Any array.
        axis: Axes to count over; None means all.

    Returns:
        Int32, of the reduced shape.

    Source: array API standard 2024.12, count_nonzero.

    Example:
        >>> ops.count_nonzero([[1, 0], [3, 4]], axis=0).tolist()
        [2, 1]
    """
    return sum(cast(x if x.dtype.kind == "b" else not_equal(x, 0), dtypes.int32), axis)


def _logarithmic_scale(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return 1.0 + np.max(np.abs(x), axis=axis, keepdims=keepdims, initial=0.0)


@composite(
    canonical=_FLOAT_AXES,
    cases=[
        *reductions(Bound(4, _logarithmic_scale), dtypes=ALL_FLOATS, of_nothing=False),
        Case((_LONG,), {"axis": 1}, "long", HALVES, Bound(4, _logarithmic_scale), False),
        # Rounding x itself moves its softmax, the gradient, by |x| u.
        Case((Sample(values=[[500.0, 500.0], [-500.0, -501.0]]),), {"axis": 1}, "large", bound=Bound(4, gradient=1002)),
        *exact(
            ("float32", *HALVES),
            Sample(values=[[-_INF, -_INF], [_INF, 1.0], [_INF, -_INF], [_NAN, 1.0], [-_INF, 0.0]]),
            label="divergence-26",
            axis=1,
        ),
        Case((Sample(values=[[1, 2], [0, 0]]),), {"axis": 1}, "integers", ("int32", "bool")),
    ],
)
def logsumexp(x: Array, axis: Axes = None, keepdims: bool = False) -> Any:
    """Logarithm of a sum of exponentials over axes: y = log(sum_i exp(x[i])), without overflow; -inf over -inf.

    Arguments:
        x: Any array; integers become float32.
        axis: Axes to sum over; None means all.
        keepdims: Whether they stay with size 1.

    Returns:
        The reduced shape, in the float dtype of `x`.

    Raises:
        ShapeError: for an axis of size 0.

    Source: Blanchard, Higham and Higham 2021, Accurately computing the log-sum-exp and softmax functions.

    Example:
        >>> ops.logsumexp([500.0, float("-inf")]).tolist()
        500.0
    """
    largest = stop_gradient(amax(x, axis, True))
    largest = where(isfinite(largest), largest, 0.0)
    total = sum(exp(subtract(x, largest)), axis, keepdims)
    return log(total) + (largest if keepdims else OPS["reshape"](largest, total.shape))


def _align_weights(call: dict[str, Any]) -> None:
    """One dtype for both, axes counted from the front, and weights that broadcast with `x`."""
    call["axis"] = axis_indices(call["axis"], call["x"].ndim)
    if call["weights"] is None:
        return promoting("x", to_float=True)(call)
    promoting("x", "weights", to_float=True)(call)
    shape, given = call["x"].shape, call["weights"].shape
    if given == shape:
        return None
    expected = tuple(shape[i] for i in call["axis"])
    if len(expected) != 1 or given != expected:
        raise ShapeError(f"average() got weights of shape {given}; expected {shape}, or {expected} for one axis.")
    aligned = tuple(n if i in call["axis"] else 1 for i, n in enumerate(shape))
    call["weights"] = OPS["reshape"](call["weights"], aligned)
    return None


def _weighted(x: Any, w: Any = None, axis: Any = None) -> Any:
    """sum |w x| / sum |w|."""
    w = np.ones_like(x) if w is None else np.abs(w) + np.zeros_like(x)
    return np.sum(np.abs(x) * w, axis) / np.maximum(np.sum(w, axis), 1e-30)


_AVERAGE = Bound(8, _weighted)


@composite(
    canonical=_align_weights,
    cases=[
        Case((Sample(("batch", 3)), None), {"axis": 1}, "no weights", bound=_AVERAGE),
        Case((Sample(("batch", 3)), Sample((3,), 0.5, 2)), {"axis": 1}, "one axis", bound=_AVERAGE),
        Case((Sample((4, 3)), Sample((3,), 0.5, 2)), {"axis": 1}, "one axis", ALL_FLOATS[1:], _AVERAGE, False),
        Case((Sample(("batch", 3)), Sample(("batch", 3), 0.5, 2)), {"axis": 0}, "all weights", bound=_AVERAGE),
        Case((Sample(("batch", 3)), Sample(("batch", 3), 0.5, 2)), {}, "all axes", bound=_AVERAGE),
        Case((Sample(("batch", 2, 3)), Sample(("batch", 2, 3), 0.5, 2)), {"axis": (0, 2)}, "two axes", bound=_AVERAGE),
        Case((Sample((2, 3), 9e3, 1e4), Sample((3,), 8, 9)), {"axis": 1}, "large", ("float16",), _AVERAGE, False),
        *exact(["float32"], Sample(values=[1.0, 2.0]), Sample(values=[1.0, -1.0]), label="weights that cancel"),
        Case((Sample(values=[1, 4]), Sample(values=[2, 1])), {"axis": 0}, "integers", ("int32",)),
    ],
)
def average(x: Array, axis: Axes = None, weights: Array | None = None) -> Any:
    """Weighted mean over axes: y = sum_i w[i] x[i] / sum_i w[i]; NaN or infinite where the weights add up to 0.

    Floats of 16 bits are computed in float32.

    Arguments:
        x: Any array; integers become float32.
        axis: Axes to average over; None means all.
        weights: Of the shape of `x`, or one per element of the only axis; None means equal ones.

    Returns:
        The reduced shape, in the float dtype of `x`.

    Raises:
        ShapeError: if the weights have another shape.

    Source: NumPy 2, average.

    Example:
        >>> ops.average([1.0, 4.0], weights=[2.0, 1.0]).tolist()
        2.0
    """
    if weights is None:
        return mean(x, axis)
    wide, shares = widened(x), widened(weights)
    total = sum(OPS["broadcast_to"](shares, x.shape), axis)
    return cast(divide(sum(multiply(wide, shares), axis), total), x.dtype)
