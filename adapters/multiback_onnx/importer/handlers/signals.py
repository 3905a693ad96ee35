"""Fourier transforms and filter banks. Complex numbers are pairs along the last axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import ops
from multiback_onnx.importer.files import dtype_of as element_type
from multiback_onnx.importer.node import Node, array, axis_index, dtype_of
from multiback_onnx.importer.registry import handler


@handler("DFT", 17, constants=(1,))
def dft_by_attribute(node: Node, x: Any, length: Any = None) -> Any:
    """The transform along an axis given as an attribute."""
    return _transformed(node, array(x), node.get("axis", 1), length)


@handler("DFT", 20, constants=(1, 2))
def dft(node: Node, x: Any, length: Any = None, axis: Any = None) -> Any:
    """The transform along an axis."""
    along = -2 if axis is None else node.integer(axis, "axis")
    return _transformed(node, array(x), along, length)


def _transformed(node: Node, x: Any, axis: int, length: Any) -> Any:
    axis = axis_index(axis, x.ndim)
    wanted = x.shape[axis] if length is None else node.size(length, "length")
    inverse, onesided = bool(node.get("inverse", 0)), bool(node.get("onesided", 0))
    dtype = dtype_of(x)
    wide = x if dtype in ("float32", "float64") else ops.cast(x, "float32")
    if inverse and onesided:
        return _inverse_onesided(node, wide, axis, wanted, dtype)
    signal = ops.squeeze(wide, -1) if x.shape[-1] == 1 else ops.complex(wide[..., 0], wide[..., 1])
    spectrum = ops.discrete_fourier_transform(_resized(signal, axis, wanted), axis, inverse)
    if onesided:
        spectrum = spectrum[
            tuple(slice(0, wanted // 2 + 1) if i == axis else slice(None) for i in range(spectrum.ndim))
        ]
    return _pairs(spectrum, dtype)


def _inverse_onesided(node: Node, x: Any, axis: int, wanted: Any, dtype: Any) -> Any:
    """Real numbers from the half of a spectrum: the other half is its mirror image."""
    size = x.shape[axis]
    if not isinstance(size, int):
        raise node.refuse("half a spectrum needs a size that is known.")
    count = wanted if wanted != size else (size - 1) * 2
    half = _resized(ops.complex(x[..., 0], x[..., 1]), axis, count // 2 + 1)
    mirrored = half[tuple(slice(1, (count + 1) // 2) if i == axis else slice(None) for i in range(half.ndim))]
    whole = ops.concat([half, ops.conj(ops.flip(mirrored, axis))], axis)
    result = ops.expand_dims(ops.real(ops.discrete_fourier_transform(whole, axis, True)), -1)
    return ops.cast(result, dtype) if dtype_of(result) != dtype else result


def _first(x: Any, axis: int, size: Any) -> Any:
    return x[tuple(slice(0, size) if i == axis else slice(None) for i in range(x.ndim))]


def _resized(x: Any, axis: int, size: Any) -> Any:
    if x.shape[axis] == size:
        return x
    if size < x.shape[axis]:
        return _first(x, axis, size)
    pads = tuple((0, size - x.shape[axis]) if i == axis else (0, 0) for i in range(x.ndim))
    if dtype_of(x).is_complex:
        return ops.complex(ops.constant_pad(ops.real(x), pads, 0), ops.constant_pad(ops.imag(x), pads, 0))
    return ops.constant_pad(x, pads, 0)


def _pairs(spectrum: Any, dtype: Any) -> Any:
    result = ops.stack([ops.real(spectrum), ops.imag(spectrum)], -1)
    return ops.cast(result, dtype) if dtype_of(result) != dtype else result


@handler("STFT", 17, constants=(1, 3))
def stft(node: Node, x: Any, step: Any, window: Any = None, length: Any = None) -> Any:
    """Transforms of overlapping frames."""
    x = array(x)
    hop = node.integer(step, "step")
    size = (
        window.shape[0]
        if length is None
        else node.integers(np.reshape(node.known(length, "length"), (-1,)), "length")[0]
    )
    count = (x.shape[1] - size) // hop + 1
    starts = ops.multiply(ops.iota(count), hop)
    places = ops.add(ops.expand_dims(starts, 1), ops.iota(size))
    frames = ops.take(x, places, 1)
    dtype = dtype_of(x)
    if x.ndim == 3 and x.shape[2] == 2:
        signal = ops.complex(frames[..., 0], frames[..., 1])
    else:
        signal = ops.squeeze(frames, -1) if x.ndim == 3 else frames
    if window is not None:
        window = array(window)
        if dtype_of(signal).is_complex:
            signal = ops.complex(ops.multiply(ops.real(signal), window), ops.multiply(ops.imag(signal), window))
        else:
            signal = ops.multiply(signal, window)
    spectrum = ops.discrete_fourier_transform(signal, -1)
    if node.get("onesided", 1) and not dtype_of(signal).is_complex:
        spectrum = spectrum[..., : size // 2 + 1]
    return _pairs(spectrum, dtype)


@handler("MelWeightMatrix", 17, constants=(0, 1, 2, 3, 4))
def mel_weight_matrix(node: Node, bins: Any, length: Any, rate: Any, low: Any, high: Any) -> Any:
    """Triangular filters at equal distances on the mel scale."""
    count, size, sample_rate = (
        int(node.number(x, what)) for x, what in ((bins, "bins"), (length, "length"), (rate, "rate"))
    )
    edges = [2595.0 * np.log10(1.0 + node.number(x, "edge") / 700.0) for x in (low, high)]
    points = edges[0] + np.arange(count + 2) * (edges[1] - edges[0]) / (count + 2)
    hertz = 700.0 * (10.0 ** (points / 2595.0) - 1.0)
    places = np.floor((size + 1) * hertz / sample_rate).astype(np.int64)
    result = np.zeros((size // 2 + 1, count))
    for i in range(count):
        first, middle, last = places[i : i + 3]
        up = middle - first
        if up == 0:
            result[middle, i] = 1
        else:
            rows = np.arange(first, middle + 1)
            result[rows, i] = (rows - first) / up
        down = last - middle
        if down:
            rows = np.arange(middle, last)
            result[rows, i] = (last - rows) / down
    dtype = element_type(node.get("output_datatype", 1))
    return result.astype(dtype.numpy)
