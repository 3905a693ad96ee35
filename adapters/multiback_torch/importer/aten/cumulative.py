"""Running sums, products and extrema along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback import dtypes, ops
from multiback_torch.importer.aten._types import axis_of, cast, value, with_axis


def _running(function: Callable[..., Any]) -> Callable[..., Any]:
    def along(self: Any, dim: int, *, dtype: Any = None) -> Any:
        x = value(self)
        x = cast(x, dtype or (x.dtype if x.dtype.is_inexact else dtypes.int64))
        return ops.reshape(function(with_axis(x), axis_of(dim, x)), x.shape) if not x.shape else function(x, dim)

    return along


def _running_extreme(sign: int) -> Callable[..., Any]:
    """The extreme element so far and its place, the last of equal ones; from a NaN on it is that NaN."""

    def along(self: Any, dim: int) -> Any:
        x = with_axis(value(self))
        axis = axis_of(dim, x)
        front = ops.moveaxis(x, axis, 0)

        def step(carry: Any, item: Any) -> Any:
            best, place, count = carry
            better = ops.greater_equal(item, best) if sign > 0 else ops.less_equal(item, best)
            if item.dtype.is_float:
                better = ops.logical_or(better, ops.isnan(item))
            best, place = ops.where(better, item, best), ops.where(better, count, place)
            return (best, place, ops.add(count, 1)), (best, place)

        start = (front[0], ops.zeros(front.shape[1:], dtypes.int32), ops.full((), 0, dtypes.int32))
        _, (values, places) = ops.scan(step, start, front)
        values, places = (ops.reshape(ops.moveaxis(y, 0, axis), self.shape) for y in (values, places))
        return values, cast(places, dtypes.int64)

    return along


def _logcumsumexp(self: Any, dim: int) -> Any:
    x = with_axis(value(self))
    axis = axis_of(dim, x)
    rows = ops.expand_dims(ops.moveaxis(x, axis, -1), -2)
    places = ops.iota(x.shape[axis])
    seen = ops.less_equal(places, ops.expand_dims(places, -1))
    found = ops.logsumexp(ops.where(seen, rows, float("-inf")), -1)
    return ops.reshape(ops.moveaxis(found, -1, axis), self.shape)


HANDLERS = {
    "aten.cummax": _running_extreme(1),
    "aten.cummin": _running_extreme(-1),
    "aten.cumprod": _running(ops.cumulative_prod),
    "aten.cumsum": _running(ops.cumulative_sum),
    "aten.logcumsumexp": _logcumsumexp,
}
