"""The verdict on one array: shape, dtype and every element within its bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback.dtypes import DType

_UNIT_ROUNDOFF = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}
_SMALLEST = {"float16": 2.0**-24, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}


@dataclass(frozen=True)
class Verdict:
    """How far an array is from its reference.

    Attributes:
        passed: Whether shape, dtype and all elements are as they should be.
        measured: max |error| / (u * scale), to be compared with the bound's c; 0 for an exact match.
        text: What was found, for a person.
    """

    passed: bool
    measured: float
    text: str


def unit_roundoff(dtype: DType) -> float:
    """Half the distance from 1 to the next number; 0 for exact dtypes."""
    return _UNIT_ROUNDOFF.get(dtype, 0.0)


def judge(got: np.ndarray, want: np.ndarray, dtype: DType, *, c: float, scale: Any = None) -> Verdict:
    """Compares a result with its float64 reference.

    Arguments:
        got: The result, in `dtype`.
        want: The reference, in float64 (or the exact dtype).
        dtype: What the dtype of the result must be.
        c: |got - want| <= c * u * scale + the smallest normal number.
        scale: Magnitude per element; None means |want|.

    Returns:
        The verdict; NaN matches NaN, infinities match exactly or where the reference leaves the range of `dtype`.
    """
    if got.shape != want.shape:
        return Verdict(False, np.inf, f"shape {got.shape}, expected {want.shape}")
    if got.dtype != dtype.numpy:
        return Verdict(False, np.inf, f"dtype {got.dtype}, expected {dtype}")
    if got.size == 0:
        return Verdict(True, 0.0, "empty")
    if not dtype.is_float:
        equal = got == want
        return Verdict(bool(np.all(equal)), 0.0 if np.all(equal) else np.inf, _worst(got, want, ~equal, None))
    with np.errstate(all="ignore"):
        target = want.astype(dtype.numpy).astype(np.float64)
        value = got.astype(np.float64)
        matches = (np.isnan(value) & np.isnan(target)) | (value == target)
        size = np.abs(want) if scale is None else np.broadcast_to(np.asarray(scale, np.float64), want.shape)
        slack = np.maximum(np.abs(value - want) - _SMALLEST[dtype], 0.0)
        ratio = np.where(matches, 0.0, slack / (unit_roundoff(dtype) * size))
        ratio = np.where(~matches & (slack == 0.0), 0.0, ratio)
        ratio = np.where(np.isnan(ratio) | (~matches & ~np.isfinite(value)), np.inf, ratio)
    measured = float(ratio.max())
    return Verdict(measured <= c, measured, _worst(got, want, ratio >= max(measured, 1e-300), measured))


def _worst(got: np.ndarray, want: np.ndarray, where: np.ndarray, measured: float | None) -> str:
    if not np.any(where):
        return "equal"
    index = tuple(int(i) for i in np.argwhere(where)[0])
    at = f" at {list(index)}" if index else ""
    tail = "" if measured is None else f" (measured c = {measured:.3g})"
    return f"got {got[index]!r}, reference {want[index]!r}{at}{tail}"
