"""Discrete Fourier transforms, of complex and of real numbers, over one axis or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.graph.dims import Dim, Size, product
from multiback_torch.importer.aten._types import axis_of, cast, floating, value
from multiback_torch.importer.aten.shaping import slice_along

_POWERS = {"backward": (0.0, 1.0), "ortho": (0.5, 0.5), "forward": (1.0, 0.0), None: (0.0, 1.0)}
"""How often a transform and its inverse are divided by the number of elements."""


def _resized(x: Any, axis: int, size: Size | None) -> Any:
    if size is None or x.shape[axis] == size:
        return x
    if x.shape[axis] > size:
        return slice_along(x, axis, 0, size)
    widths = [(0, 0)] * len(x.shape)
    widths[axis] = (0, size - x.shape[axis])
    return ops.constant_pad(x, tuple(widths), 0)


def _transformed(x: Any, axes: Sequence[int], inverse: bool) -> Any:
    for axis in axes:
        x = ops.discrete_fourier_transform(x, axis, inverse)
    return x


def _normalised(x: Any, count: Size, inverse: bool, norm: str | None) -> Any:
    """Ours divides by the count going back, and by 1 going forward."""
    power = _POWERS[norm][inverse] - (1.0 if inverse else 0.0)
    return _divided(x, count, power)


def _divided(x: Any, count: Size, power: float) -> Any:
    """x / count**power."""
    if power == 0:
        return x
    if isinstance(count, Dim):
        return ops.multiply(x, ops.power(value(count, dtypes.real_of(x.dtype)), -power))
    return ops.multiply(x, float(count) ** -power)


def _axes(dim: Any, s: Any, x: Any) -> list[int]:
    ndim = len(x.shape)
    if dim is None:
        return list(range(ndim - len(s), ndim) if s is not None else range(ndim))
    return [axis_of(d, x) for d in ([dim] if isinstance(dim, int) else dim)]


def _complex(x: Any, axes: Sequence[int], sizes: Any, norm: str | None, inverse: bool) -> Any:
    x = floating(x)
    for axis, size in zip(axes, sizes or [None] * len(axes)):
        x = _resized(x, axis, None if size == -1 else size)
    found = _transformed(x, axes, inverse)
    return _normalised(found, product(x.shape[a] for a in axes), inverse, norm)


def _half(x: Any, axis: int) -> Any:
    return slice_along(x, axis, 0, x.shape[axis] // 2 + 1)


def _mirrored(x: Any, axis: int, size: int) -> Any:
    """The whole spectrum of real numbers, of whose last axis only the first half is given."""
    x = _resized(x, axis, size // 2 + 1)
    middle = slice_along(x, axis, 1, (size + 1) // 2)
    # The imaginary parts at frequency 0 and at the highest one do not count.
    ends = [ops.complex(ops.real(y), ops.zeros_like(ops.real(y))) for y in _ends(x, axis, size)]
    parts = [ends[0], middle, *ends[1:], ops.flip(ops.conj(middle), axis)]
    return ops.concatenate([y for y in parts if y.shape[axis] != 0], axis)


def _ends(x: Any, axis: int, size: int) -> list[Any]:
    ends = [slice_along(x, axis, 0, 1)]
    return [*ends, slice_along(x, axis, size // 2, size // 2 + 1)] if size % 2 == 0 else ends


def _as_complex(x: Any) -> Any:
    x = floating(x)
    return x if x.dtype.is_complex else cast(x, dtypes.complex_of(x.dtype))


def _to_half(x: Any, axes: Sequence[int], sizes: Any, norm: str | None) -> Any:
    return _half(_complex(x, axes, sizes, norm, False), axes[-1])


def _to_real(x: Any, axes: Sequence[int], sizes: Any, norm: str | None) -> Any:
    """The inverse of a transform of real numbers; the last axis is given by half."""
    x = _as_complex(x)
    last = None if sizes is None else sizes[-1]
    last = 2 * (x.shape[axes[-1]] - 1) if last in (None, -1) else last
    for axis, size in zip(axes[:-1], (sizes or [None] * len(axes))[:-1]):
        x = _resized(x, axis, None if size == -1 else size)
    x = _transformed(x, axes[:-1], True)
    found = _transformed(_mirrored(x, axes[-1], last), axes[-1:], True)
    return _normalised(ops.real(found), product(found.shape[a] for a in axes), True, norm)


def _one(kind: str, inverse: bool) -> Any:
    def transform(self: Any, n: Any = None, dim: int = -1, norm: str | None = None) -> Any:
        return _any(kind, inverse, self, None if n is None else [n], [axis_of(dim, self)], norm)

    return transform


def _many(kind: str, inverse: bool, default: Any = None) -> Any:
    def transform(self: Any, s: Any = None, dim: Any = default, norm: str | None = None) -> Any:
        return _any(kind, inverse, self, s, _axes(dim, s, self), norm)

    return transform


def _any(kind: str, inverse: bool, x: Any, sizes: Any, axes: list[int], norm: str | None) -> Any:
    if not axes:
        return _as_complex(x)
    if kind == "complex":
        return _complex(x, axes, sizes, norm, inverse)
    swapped = {"forward": "backward", "ortho": "ortho"}.get(norm or "backward", "forward")
    if kind == "real":
        return _to_real(x, axes, sizes, norm) if inverse else _to_half(x, axes, sizes, norm)
    if inverse:
        return ops.conj(_to_half(x, axes, sizes, swapped))
    return _to_real(ops.conj(_as_complex(x)), axes, sizes, swapped)


def _scaled(x: Any, count: Size, normalization: int, inverse: bool) -> Any:
    power = (0.0, 0.5, 1.0)[normalization] - (1.0 if inverse else 0.0)
    return _divided(x, count, power)


def _c2c(self: Any, dim: Sequence[int], normalization: int, forward: bool) -> Any:
    x = value(self)
    axes = [axis_of(d, x) for d in dim]
    return _scaled(_transformed(x, axes, not forward), product(x.shape[a] for a in axes), normalization, not forward)


def _r2c(self: Any, dim: Sequence[int], normalization: int, onesided: bool) -> Any:
    x = value(self)
    axes = [axis_of(d, x) for d in dim]
    found = _scaled(_transformed(x, axes, False), product(x.shape[a] for a in axes), normalization, False)
    return _half(found, axes[-1]) if onesided else found


def _c2r(self: Any, dim: Sequence[int], normalization: int, last_dim_size: int) -> Any:
    axes = [axis_of(d, self) for d in dim]
    x = _transformed(value(self), axes[:-1], True)
    found = ops.real(_transformed(_mirrored(x, axes[-1], last_dim_size), axes[-1:], True))
    return _scaled(found, product(found.shape[a] for a in axes), normalization, True)


def _frequencies(n: int, d: float = 1.0, *, context: Any, **_: Any) -> Any:
    return ops.convert_to_tensor(np.fft.fftfreq(n, d).astype(context.dtype.numpy))


def _half_frequencies(n: int, d: float = 1.0, *, context: Any, **_: Any) -> Any:
    return ops.convert_to_tensor(np.fft.rfftfreq(n, d).astype(context.dtype.numpy))


def _shifted(sign: int) -> Any:
    def shift(self: Any, dim: Any = None) -> Any:
        x = value(self)
        for axis in _axes(dim, None, x):
            half = x.shape[axis] // 2
            x = ops.roll(x, half if sign > 0 else x.shape[axis] - half, axis)
        return x

    return shift


HANDLERS = {
    "aten._fft_c2c": _c2c,
    "aten._fft_c2r": _c2r,
    "aten._fft_r2c": _r2c,
    "aten.fft_fft": _one("complex", False),
    "aten.fft_fft2": _many("complex", False, (-2, -1)),
    "aten.fft_fftfreq": _frequencies,
    "aten.fft_fftn": _many("complex", False),
    "aten.fft_fftshift": _shifted(1),
    "aten.fft_hfft": _one("hermitian", False),
    "aten.fft_ifft": _one("complex", True),
    "aten.fft_ifft2": _many("complex", True, (-2, -1)),
    "aten.fft_ifftn": _many("complex", True),
    "aten.fft_ifftshift": _shifted(-1),
    "aten.fft_ihfft": _one("hermitian", True),
    "aten.fft_irfft": _one("real", True),
    "aten.fft_irfft2": _many("real", True, (-2, -1)),
    "aten.fft_irfftn": _many("real", True),
    "aten.fft_rfft": _one("real", False),
    "aten.fft_rfft2": _many("real", False, (-2, -1)),
    "aten.fft_rfftfreq": _half_frequencies,
    "aten.fft_rfftn": _many("real", False),
}
