"""Fast Fourier transforms over the last axes."""

from __future__ import annotations

from typing import Any

from multiback import ops
from multiback_jax.importer.node import Handler, Node


def _transformed(x: Any, count: int, inverse: bool) -> Any:
    for axis in range(x.ndim - count, x.ndim):
        x = ops.discrete_fourier_transform(x, axis=axis, inverse=inverse)
    return x


def _fft(node: Node, x: Any) -> Any:
    kind = str(getattr(node["fft_type"], "name", node["fft_type"]))
    sizes = node["fft_lengths"]
    count = len(sizes)
    if kind == "RFFT":
        y = _transformed(ops.complex(x, ops.zeros_like(x)), count, False)
        return y[..., : sizes[-1] // 2 + 1]
    if kind == "IRFFT":
        return ops.real(_transformed(_whole_spectrum(x, sizes), count, True))
    return _transformed(x, count, kind == "IFFT")


def _whole_spectrum(x: Any, sizes: Any) -> Any:
    """The spectrum of real numbers from its half: what is missing is the mirrored conjugate."""
    last, kept = sizes[-1], sizes[-1] // 2 + 1
    x = x[..., :kept]
    mirrored = ops.conj(ops.flip(x[..., 1 : last - kept + 1], -1))
    for axis in range(x.ndim - len(sizes), x.ndim - 1):
        # Index k of the other axes becomes -k.
        first = (slice(None),) * axis
        turned = ops.flip(mirrored[(*first, slice(1, None))], axis)
        mirrored = ops.concatenate([mirrored[(*first, slice(0, 1))], turned], axis)
    return ops.concatenate([x, mirrored], -1)


HANDLERS: dict[str, Handler] = {"fft": _fft}
