"""Sums, means, extrema, norms and other reductions over axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from multiback import dtypes, ops
from multiback.graph.dims import Dim, Size, product
from multiback_torch.importer.aten._types import axes_of, axis_of, cast, floating, promoted, value, with_axis


def _summed(x: Any, dtype: Any) -> Any:
    """What a sum or product adds up: integers and bools in int64, unless a dtype is given."""
    x = value(x)
    return cast(x, dtype or (x.dtype if x.dtype.is_inexact else dtypes.int64))


def _sum(self: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    return ops.sum(_summed(self, dtype), axes_of(dim, self), keepdim)


def _nansum(self: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    x = _summed(self, dtype)
    x = ops.where(ops.isnan(x), 0, x) if x.dtype.is_inexact else x
    return ops.sum(x, axes_of(dim, self), keepdim)


def _mean(self: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    return ops.mean(cast(self, dtype) if dtype else self, axes_of(dim, self), keepdim)


def _nanmean(self: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    x = floating(cast(self, dtype) if dtype else self)
    axes = axes_of(dim, self)
    known = ops.cast(ops.logical_not(ops.isnan(x)), x.dtype)
    return ops.divide(ops.sum(ops.where(ops.isnan(x), 0, x), axes, keepdim), ops.sum(known, axes, keepdim))


def _prod(self: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    x = _summed(self, dtype)
    return cast(ops.prod(x, axes_of(dim, self), keepdim), x.dtype)


def _count_of(x: Any, axes: tuple[int, ...]) -> Size:
    return product(x.shape[a] for a in axes)


def _corrected(x: Any, axes: tuple[int, ...], correction: float) -> Any:
    """n / (n - correction), by which the variance of a population becomes that of a sample."""
    count = _count_of(x, axes)
    if isinstance(count, Dim):
        size = value(count, dtypes.real_of(x.dtype))
        return ops.divide(size, ops.maximum(ops.subtract(size, correction), 0))
    rest = max(count - correction, 0)
    return count / rest if rest else math.inf if count else math.nan


def _var(self: Any, dim: Any = None, *, correction: Any = None, keepdim: bool = False) -> Any:
    x, axes = value(self), axes_of(dim, self)
    correction = 1 if correction is None else correction
    found = _variance(x, axes, keepdim)
    return found if correction == 0 else ops.multiply(found, _corrected(x, axes, correction))


def _variance(x: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
    if not x.dtype.is_complex:
        return ops.var(x, axes, keepdim)
    return ops.add(ops.var(ops.real(x), axes, keepdim), ops.var(ops.imag(x), axes, keepdim))


def _std(self: Any, dim: Any = None, *, correction: Any = None, keepdim: bool = False) -> Any:
    x, axes = value(self), axes_of(dim, self)
    correction = 1 if correction is None else correction
    found = ops.sqrt(_variance(x, axes, keepdim)) if x.dtype.is_complex else ops.std(x, axes, keepdim)
    if correction == 0:
        return found
    factor = _corrected(x, axes, correction)
    return ops.multiply(found, math.sqrt(factor) if isinstance(factor, float) else ops.sqrt(factor))


def _with_mean(function: Callable[..., Any]) -> Callable[..., Any]:
    def of_both(self: Any, dim: Any = None, *, correction: Any = None, keepdim: bool = False) -> Any:
        return function(self, dim, correction=correction, keepdim=keepdim), ops.mean(self, axes_of(dim, self), keepdim)

    return of_both


def _unbiased(function: Callable[..., Any], *, axes: bool) -> Callable[..., Any]:
    """The older forms of a statistic, which say whether they divide by n - 1."""

    def over(self: Any, dim: Any, unbiased: bool = True, keepdim: bool = False) -> Any:
        return function(self, dim, correction=int(unbiased), keepdim=keepdim)

    return over if axes else lambda self, unbiased=True: function(self, None, correction=int(unbiased))


def _extreme(function: Callable[..., Any]) -> Callable[..., Any]:
    def over(self: Any, dim: Any = None, keepdim: bool = False) -> Any:
        x = value(self)
        return cast(function(x, axes_of(dim, x), keepdim), x.dtype)

    return over


_amax, _amin = _extreme(ops.amax), _extreme(ops.amin)


def extreme_along(position: Callable[..., Any]) -> Callable[..., Any]:
    """The extreme elements along an axis with their positions; gradients go to those positions."""

    def along(self: Any, dim: int, keepdim: bool = False) -> Any:
        x = with_axis(value(self))
        axis = axis_of(dim, x)
        places = position(x, axis, keepdims=True)
        values, places = ops.take_along_axis(x, places, axis), cast(places, dtypes.int64)
        if not len(self.shape):
            return ops.reshape(values, ()), ops.reshape(places, ())
        return (values, places) if keepdim else (ops.squeeze(values, axis), ops.squeeze(places, axis))

    return along


def _position(function: Callable[..., Any]) -> Callable[..., Any]:
    def over(self: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        x = with_axis(value(self))
        found = cast(function(x, dim if dim is None else axis_of(dim, x), keepdims=keepdim), dtypes.int64)
        return ops.reshape(found, ()) if not len(self.shape) else found

    return over


def _tested(function: Callable[..., Any]) -> Callable[..., Any]:
    def over(self: Any, dim: Any = None, keepdim: bool = False, *, context: Any) -> Any:
        return cast(function(self, axes_of(dim, self), keepdim), context.dtype)

    return over


def _aminmax(self: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    return _amin(self, dim, keepdim), _amax(self, dim, keepdim)


def _logsumexp(self: Any, dim: Any, keepdim: bool = False) -> Any:
    x = with_axis(floating(self))
    found = ops.logsumexp(x, axes_of(dim, x), keepdim)
    return ops.reshape(found, ()) if not len(self.shape) else found


def _count_nonzero(self: Any, dim: Any = None) -> Any:
    return cast(ops.count_nonzero(self, axes_of(dim, self)), dtypes.int64)


def _vector_norm(self: Any, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    x = floating(cast(self, dtype) if dtype else self)
    if not len(x.shape):
        found = ops.vector_norm(with_axis(x), (0,), False, ord)
        return ops.reshape(found, ())
    return ops.vector_norm(x, axes_of(dim, x), keepdim, ord)


def _norm(self: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return _vector_norm(self, 2 if p is None else p, dim, keepdim, dtype=dtype)


def _distance(self: Any, other: Any, p: float = 2) -> Any:
    a, b = promoted(self, other)
    return _vector_norm(ops.subtract(a, b), p)


def _frobenius(self: Any, dim: Any, keepdim: bool = False) -> Any:
    return _vector_norm(self, 2, dim, keepdim)


HANDLERS = {
    "aten.all": _tested(ops.all),
    "aten.amax": _amax,
    "aten.amin": _amin,
    "aten.aminmax": _aminmax,
    "aten.any": _tested(ops.any),
    "aten.argmax": _position(ops.argmax),
    "aten.argmin": _position(ops.argmin),
    "aten.count_nonzero": _count_nonzero,
    "aten.dist": _distance,
    "aten.frobenius_norm": _frobenius,
    "aten.linalg_vector_norm": _vector_norm,
    "aten.logsumexp": _logsumexp,
    "aten.special_logsumexp": _logsumexp,
    "aten.max": _amax,
    "aten.max.dim": extreme_along(ops.argmax),
    "aten.mean": _mean,
    "aten.mean.default": lambda self, *, dtype=None: _mean(self, dtype=dtype),
    "aten.min": _amin,
    "aten.min.dim": extreme_along(ops.argmin),
    "aten.nanmean": _nanmean,
    "aten.nansum": _nansum,
    "aten.norm": _norm,
    "aten.norm.ScalarOpt_dim_dtype": lambda self, p, dim, keepdim=False, *, dtype=None: _norm(
        self, p, dim, keepdim, dtype
    ),
    "aten.norm.ScalarOpt_dtype": lambda self, p, *, dtype=None: _norm(self, p, dtype=dtype),
    "aten.prod": _prod,
    "aten.std": _unbiased(_std, axes=False),
    "aten.std.correction": _std,
    "aten.std.dim": _unbiased(_std, axes=True),
    "aten.std_mean": _unbiased(_with_mean(_std), axes=False),
    "aten.std_mean.correction": _with_mean(_std),
    "aten.std_mean.dim": _unbiased(_with_mean(_std), axes=True),
    "aten.sum": _sum,
    "aten.var": _unbiased(_var, axes=False),
    "aten.var.correction": _var,
    "aten.var.dim": _unbiased(_var, axes=True),
    "aten.var_mean": _unbiased(_with_mean(_var), axes=False),
    "aten.var_mean.correction": _with_mean(_var),
    "aten.var_mean.dim": _unbiased(_with_mean(_var), axes=True),
}
