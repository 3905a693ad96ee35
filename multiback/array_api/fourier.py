"""What the functions of the extension `fft` mean, on native arrays, by one op: `discrete_fourier_transform`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback import config, dtypes, ops
from multiback.array_api.natives import dtype_of, shape_of
from multiback.errors import ArgumentError

_SWAPPED = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def _along(ndim: int, axis: int, *part: Any) -> tuple[Any, ...]:
    return (*[slice(None)] * (axis % ndim), slice(*part))


def _resized(x: Any, n: int, axis: int) -> Any:
    """Cut off, or filled up with zeros, to n elements along an axis."""
    shape = shape_of(x)
    size = shape[axis]
    if n <= size:
        return x if n == size else ops.getitem(x, _along(len(shape), axis, 0, n))
    rest = [n - size if i == axis % len(shape) else m for i, m in enumerate(shape)]
    return ops.concatenate([x, ops.zeros(tuple(rest), dtype_of(x))], axis)


def _transform(x: Any, n: int | None, axis: int, norm: str, inverse: bool) -> Any:
    if norm not in _SWAPPED:
        raise ArgumentError(f"norm is 'backward', 'ortho' or 'forward', got {norm!r}.")
    n = shape_of(x)[axis] if n is None else n
    y = ops.discrete_fourier_transform(_resized(x, n, axis), axis, inverse)
    if norm == "backward":
        return y
    factor = math.sqrt(n) if norm == "ortho" else float(n)
    return ops.multiply(y, factor if inverse else 1.0 / factor)


def fft(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    return _transform(x, n, axis, norm, False)


def ifft(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    return _transform(x, n, axis, norm, True)


def rfft(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    y = _transform(x, n, axis, norm, False)
    shape = shape_of(y)
    return ops.getitem(y, _along(len(shape), axis, 0, shape[axis] // 2 + 1))


def irfft(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    n = 2 * (shape_of(x)[axis] - 1) if n is None else n
    ndim = len(shape_of(x))
    half = _resized(ops.cast(x, dtypes.complex_of(dtype_of(x))), n // 2 + 1, axis)
    # The other half of the spectrum of a real signal is the conjugate of this one.
    rest = ops.flip(ops.conj(ops.getitem(half, _along(ndim, axis, 1, (n + 1) // 2))), axis)
    return ops.real(_transform(ops.concatenate([half, rest], axis), n, axis, norm, True))


def hfft(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    return irfft(ops.conj(x), n=n, axis=axis, norm=_SWAPPED[norm])


def ihfft(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    return ops.conj(rfft(x, n=n, axis=axis, norm=_SWAPPED[norm]))


def _sizes_and_axes(x: Any, s: Sequence[int] | None, axes: Sequence[int] | None) -> list[tuple[int | None, int]]:
    """The size (None: as it is) and the number of each axis to be transformed."""
    if axes is None:
        ndim = len(shape_of(x))
        axes = range(ndim) if s is None else range(ndim - len(s), ndim)
    sizes: Sequence[int | None] = [None] * len(axes) if s is None else s
    return list(zip(sizes, axes))


def _over(one: Callable[..., Any], x: Any, parts: Sequence[tuple[int | None, int]], norm: str) -> Any:
    for n, axis in reversed(parts):
        x = one(x, n=n, axis=axis, norm=norm)
    return x


def fftn(x: Any, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Any:
    return _over(fft, x, _sizes_and_axes(x, s, axes), norm)


def ifftn(x: Any, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Any:
    return _over(ifft, x, _sizes_and_axes(x, s, axes), norm)


def rfftn(x: Any, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Any:
    *others, (n, axis) = _sizes_and_axes(x, s, axes)
    return _over(fft, rfft(x, n=n, axis=axis, norm=norm), others, norm)


def irfftn(x: Any, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Any:
    *others, (n, axis) = _sizes_and_axes(x, s, axes)
    return irfft(_over(ifft, x, others, norm), n=n, axis=axis, norm=norm)


def _frequencies(numbers: np.ndarray, n: int, d: float, dtype: Any) -> Any:
    wanted = dtypes.as_dtype(dtype or config.floatx())
    return ops.array((numbers / (n * d)).astype(wanted.numpy))


def fftfreq(n: int, *, d: float = 1.0, dtype: Any = None) -> Any:
    return _frequencies(np.fft.ifftshift(np.arange(n) - n // 2), n, d, dtype)


def rfftfreq(n: int, *, d: float = 1.0, dtype: Any = None) -> Any:
    return _frequencies(np.arange(n // 2 + 1), n, d, dtype)


def _shifted(x: Any, axes: Any, direction: int) -> Any:
    shape = shape_of(x)
    axes = range(len(shape)) if axes is None else (axes,) if isinstance(axes, int) else axes
    middles = tuple(direction * (shape[a] // 2) for a in axes)
    return ops.roll(x, middles, tuple(axes)) if middles else x


def fftshift(x: Any, *, axes: Any = None) -> Any:
    return _shifted(x, axes, 1)


def ifftshift(x: Any, *, axes: Any = None) -> Any:
    return _shifted(x, axes, -1)
