"""The discrete Fourier transform."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes
from multiback.errors import ShapeError
from multiback.graph.ir import Spec
from multiback.ops._cases import EXACT, Case, Sample
from multiback.ops._define import Array, composite, primitive
from multiback.ops._rules import as_type, axis_index, like
from multiback.ops.shaping import moveaxis

_IMPULSE = Sample(values=np.array([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]), dtype="complex64")


@primitive(
    name="fourier_transform",
    accepts="c",
    cases=[
        Case((_IMPULSE,), {"inverse": inverse}, f"inverse={inverse}", bound=EXACT, differentiable=False)
        for inverse in (False, True)
    ],
)
def _fourier_transform(x: Array, inverse: bool) -> Spec:
    """The transform of complex numbers along the last axis; the inverse one divided by the size of the axis."""
    return like(x)


@_fourier_transform.meaning
def _(x: Any, inverse: bool) -> Any:
    return (np.fft.ifft if inverse else np.fft.fft)(x, axis=-1)


def _complex_axis(call: dict[str, Any]) -> None:
    x = call["x"]
    call["axis"] = axis_index(call["axis"], x.ndim)
    if x.shape[call["axis"]] == 0:
        raise ShapeError(f"discrete_fourier_transform() needs elements along the axis; the array has shape {x.shape}.")
    call["x"] = as_type(x, dtypes.complex_of(x.dtype))


@composite(
    canonical=_complex_axis,
    cases=[
        Case((Sample(values=[[1.0, 0.0], [0.0, 2.0]]),), {"axis": 0}, "first axis", bound=EXACT, differentiable=False),
        Case((_IMPULSE,), {"inverse": True}, "inverse", bound=EXACT, differentiable=False),
    ],
)
def discrete_fourier_transform(x: Array, axis: int = -1, inverse: bool = False) -> Any:
    """Discrete Fourier transform along an axis: y[k] = sum_j x[j] exp(-2 pi i j k / n).

    Arguments:
        x: Numbers, taken as complex ones.
        axis: The axis.
        inverse: Whether to go back: y[j] = sum_k x[k] exp(2 pi i j k / n) / n.

    Returns:
        Complex array of the shape of x.

    Raises:
        ShapeError: for an axis of size 0.

    Source: array API standard 2024.12, fft.fft.

    Example:
        >>> ops.discrete_fourier_transform([1.0, 1.0]).tolist()
        [(2+0j), 0j]
    """
    if axis == x.ndim - 1:
        return _fourier_transform(x, inverse)
    return moveaxis(_fourier_transform(moveaxis(x, axis, -1), inverse), -1, axis)
