"""Arrays made from sizes and numbers. What torch leaves uninitialised is zero here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.graph.dims import Dim, Size
from multiback_torch.importer.aten._types import cast, value


def _constant(array: np.ndarray, dtype: Any) -> Any:
    """An array that is known, in this dtype and not weak."""
    return ops.broadcast_to(array.astype(dtype.numpy), array.shape)


def _filled(size: Sequence[Size], number: Any, dtype: Any) -> Any:
    if isinstance(number, bool | int | float | complex):
        return ops.full(tuple(size), cast(number, dtype), dtype)
    return ops.broadcast_to(cast(value(number), dtype), tuple(size))


def _full(size: Any, fill_value: Any, *, context: Any, **_: Any) -> Any:
    return _filled(context.shape, fill_value, context.dtype)


def _new_full(self: Any, size: Any, fill_value: Any, *, context: Any, **_: Any) -> Any:
    return _filled(size, fill_value, context.dtype)


def _full_like(self: Any, fill_value: Any, *, context: Any, **_: Any) -> Any:
    return _filled(self.shape, fill_value, context.dtype)


def _zeros(*_: Any, context: Any, **__: Any) -> Any:
    return ops.zeros(context.shape, context.dtype)


def _ones(*_: Any, context: Any, **__: Any) -> Any:
    return ops.ones(context.shape, context.dtype)


def _arange(*given: Any, context: Any, **_: Any) -> Any:
    start, end, step = (0, given[0], 1) if len(given) == 1 else (*given, 1) if len(given) == 2 else given[:3]
    dtype = context.dtype
    if any(isinstance(part, Dim) for part in (start, end, step)):
        return ops.arange(start, end, step, dtype)
    count = context.shape[0]
    return _constant(start + np.arange(count) * np.asarray(step), dtype)


def _scalar_tensor(s: Any, *, context: Any, **_: Any) -> Any:
    return _filled((), s, context.dtype)


def _eye(n: int, m: int | None = None, *, context: Any, **_: Any) -> Any:
    return ops.eye(n, n if m is None else m, 0, context.dtype)


def _linspace(start: Any, end: Any, steps: int, *, context: Any, **_: Any) -> Any:
    if all(isinstance(x, int | float) for x in (start, end)):
        return _constant(np.linspace(start, end, steps), context.dtype)
    exact = _exact(context.dtype)
    return cast(ops.linspace(value(start, exact), value(end, exact), steps), context.dtype)


def _exact(dtype: Any) -> Any:
    return dtype if dtype.is_inexact else dtypes.float64


def _logspace(start: Any, end: Any, steps: int, base: float = 10.0, *, context: Any, **_: Any) -> Any:
    if all(isinstance(x, int | float) for x in (start, end)):
        return _constant(np.power(float(base), np.linspace(start, end, steps)), context.dtype)
    exact = _exact(context.dtype)
    exponents = ops.linspace(value(start, exact), value(end, exact), steps)
    return cast(ops.power(base, exponents), context.dtype)


def _lower_indices(row: int, col: int, offset: int = 0, *, context: Any, **_: Any) -> Any:
    return _constant(np.stack(np.tril_indices(row, offset, col)), context.dtype)


def _upper_indices(row: int, col: int, offset: int = 0, *, context: Any, **_: Any) -> Any:
    return _constant(np.stack(np.triu_indices(row, offset, col)), context.dtype)


def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    count = x.shape[-1] if N is None else N
    powers = np.arange(count) if increasing else np.arange(count)[::-1]
    return ops.power(ops.expand_dims(value(x), -1), powers.astype(value(x).dtype.numpy))


def _cosine_window(*coefficients: float) -> Any:
    """Windows that are sums of cosines: a0 - a1 cos(2 pi k / n) + a2 cos(4 pi k / n)."""

    def window(window_length: int, periodic: bool = True, *more: float, context: Any, **_: Any) -> Any:
        weights = (more[0], more[1] if len(more) > 1 else 1 - more[0]) if more else coefficients
        angle = 2 * math.pi * np.arange(window_length) / max(window_length - (0 if periodic else 1), 1)
        terms = [(-1) ** i * a * np.cos(i * angle) for i, a in enumerate(weights)]
        return _constant(np.sum(terms, axis=0) if window_length > 1 else np.ones(window_length), context.dtype)

    return window


def _bartlett(window_length: int, periodic: bool = True, *, context: Any, **_: Any) -> Any:
    last = max(window_length - (0 if periodic else 1), 1)
    return _constant(
        1 - np.abs(2 * np.arange(window_length) / last - 1) if window_length > 1 else np.ones(1), context.dtype
    )


HANDLERS = {
    "aten.arange": _arange,
    "aten.bartlett_window": _bartlett,
    "aten.blackman_window": _cosine_window(0.42, 0.5, 0.08),
    "aten.empty": _zeros,
    "aten.empty_like": _zeros,
    "aten.empty_permuted": _zeros,
    "aten.empty_strided": _zeros,
    "aten.eye": _eye,
    "aten.full": _full,
    "aten.full_like": _full_like,
    "aten.hamming_window": _cosine_window(0.54, 0.46),
    "aten.hann_window": _cosine_window(0.5, 0.5),
    "aten.linspace": _linspace,
    "aten.logspace": _logspace,
    "aten.new_empty": _zeros,
    "aten.new_empty_strided": _zeros,
    "aten.new_full": _new_full,
    "aten.new_ones": _ones,
    "aten.new_zeros": _zeros,
    "aten.ones": _ones,
    "aten.ones_like": _ones,
    "aten.scalar_tensor": _scalar_tensor,
    "aten.special_vander": _vander,
    "aten.tril_indices": _lower_indices,
    "aten.triu_indices": _upper_indices,
    "aten.vander": _vander,
    "aten.zero": _zeros,
    "aten.zeros": _zeros,
    "aten.zeros_like": _zeros,
}
