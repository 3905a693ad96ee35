"""Reductions, running sums, and what is left of an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multiback import ops
from multiback_tensorflow.importer.tables.shaping import axes_of

Handler = Callable[..., Any]


def _reduction(function: Handler) -> Handler:
    def handler(x: Any, axes: Any, keep_dims: bool = False, **_: Any) -> Any:
        found = tuple(a % x.ndim for a in axes_of(axes)) if x.ndim else ()
        if not found and x.ndim:
            return x
        result = function(x, axis=found or None, keepdims=bool(keep_dims))
        return result if result.dtype == x.dtype else ops.cast(result, x.dtype)

    return handler


def _mean(x: Any, axis: Any, keepdims: bool) -> Any:
    if not x.dtype.is_integer:
        return ops.mean(x, axis=axis, keepdims=keepdims)
    total = ops.sum(x, axis=axis, keepdims=keepdims)
    count: Any = 1
    for a in axis or ():
        count = count * x.shape[a]
    return ops.trunc(ops.divide(ops.cast(total, "float64"), ops.cast(count, "float64")))


def _length(x: Any, axis: Any, keepdims: bool) -> Any:
    return ops.sqrt(ops.sum(ops.multiply(x, ops.conj(x)), axis=axis, keepdims=keepdims))


def _cumulative(function: Handler, start: int) -> Handler:
    def handler(x: Any, axis: Any, exclusive: bool, reverse: bool, **_: Any) -> Any:
        place = axes_of(axis)[0] % x.ndim
        if exclusive:
            # One step later: the running result of all elements but the last, after the neutral element.
            first = ops.full((*x.shape[:place], 1, *x.shape[place + 1 :]), start, x.dtype)
            kept = [slice(None)] * place
            if reverse:
                x = ops.concatenate([x[(*kept, slice(1, None))], first], place)
            else:
                x = ops.concatenate([first, x[(*kept, slice(None, -1))]], place)
        return function(x, place, bool(reverse))

    return handler


def _cumulative_logsumexp(x: Any, axis: Any, exclusive: bool, reverse: bool, **_: Any) -> Any:
    place = axes_of(axis)[0] % x.ndim
    count = x.shape[place]
    rows, columns = ops.iota(count)[:, None], ops.iota(count)[None, :]
    compare = {
        (False, False): ops.less_equal,
        (True, False): ops.less,
        (False, True): ops.greater_equal,
        (True, True): ops.greater,
    }[bool(exclusive), bool(reverse)]
    seen = compare(columns, rows)
    spread = ops.where(seen, ops.expand_dims(ops.moveaxis(x, place, -1), -2), float("-inf"))
    return ops.moveaxis(ops.logsumexp(spread, axis=-1), -1, place)


HANDLERS: dict[str, Handler] = {
    "All": _reduction(ops.all),
    "Any": _reduction(ops.any),
    "Cumprod": _cumulative(ops.cumulative_prod, 1),
    "Cumsum": _cumulative(ops.cumulative_sum, 0),
    "CumulativeLogsumexp": _cumulative_logsumexp,
    "EuclideanNorm": _reduction(_length),
    "Max": _reduction(ops.max),
    "Mean": _reduction(_mean),
    "Min": _reduction(ops.min),
    "Prod": _reduction(ops.prod),
    "Sum": _reduction(ops.sum),
    "L2Loss": lambda x, **_: ops.sum(ops.square(x)) / 2.0,
}

STATIC: dict[str, tuple[int, ...]] = dict.fromkeys(
    (
        "All", "Any", "Cumprod", "Cumsum", "CumulativeLogsumexp", "EuclideanNorm", "Max", "Mean", "Min", "Prod", "Sum",
    ),
    (1,),
)  # fmt: skip
