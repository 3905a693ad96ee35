"""The verdict on one array: shape, dtype and every element within its bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback.dtypes import DType, real_of

_UNIT_ROUNDOFF = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}
_SMALLEST = {"float16": 2.0**-24, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}
_LEAST_EXPONENT = {"float16": -14, "bfloat16": -126, "float32": -126, "float64": -1022}


@dataclass(frozen=True)
class Worst:
    """The element of a result that is farthest from its reference, in units of the bound's scale."""

    index: tuple[int, ...]
    got: Any
    want: Any


@dataclass(frozen=True)
class Verdict:
    """How far an array is from its reference.

    Attributes:
        passed: Whether shape, dtype and all elements are as they should be.
        measured: max |error| / (u * scale), to be compared with the bound's c; 0 for an exact match.
        text: What was found, for a person.
        bound: The c allowed.
        ulp_max, ulp_p99: Largest and 99th percentile of |error| in units in the last place of the reference.
        relative_norm: ||error||_2 / ||reference||_2 over the elements that are finite in both.
        worst: The worst element; None when all are equal or there is none.
    """

    passed: bool
    measured: float
    text: str
    bound: float = 0.0
    ulp_max: float = 0.0
    ulp_p99: float = 0.0
    relative_norm: float = 0.0
    worst: Worst | None = None


def unit_roundoff(dtype: DType) -> float:
    """Half the distance from 1 to the next number; 0 for exact dtypes."""
    return _UNIT_ROUNDOFF.get(dtype, 0.0)


def judge(got: np.ndarray, want: np.ndarray, dtype: DType, *, c: float, scale: Any = None) -> Verdict:
    """Compares a result with its float64 reference.

    Arguments:
        got: The result, in `dtype`.
        want: The reference, in float64 (or the exact dtype).
        dtype: What the dtype of the result must be.
        c: |got - want| <= c * u * scale + max(1, c / 2) * the smallest number, since among denormal numbers each
            rounding costs half of that, whatever the scale. (The smallest normal number, where kernels flush others.)
        scale: Magnitude per element; None means |want|.

    Returns:
        The verdict; NaN matches NaN, infinities match exactly or where the reference leaves the range of `dtype`.
    """
    if got.shape != want.shape:
        return Verdict(False, np.inf, f"shape {got.shape}, expected {want.shape}", c)
    if got.dtype != dtype.numpy:
        return Verdict(False, np.inf, f"dtype {got.dtype}, expected {dtype}", c)
    if got.size == 0:
        return Verdict(True, 0.0, "empty", c)
    if dtype.is_complex:
        return _judge_complex(got, want, dtype, c, scale)
    if not dtype.is_float:
        return _judge_exact(got, want, c)
    with np.errstate(all="ignore"):
        target = want.astype(dtype.numpy).astype(np.float64)
        value = got.astype(np.float64)
        matches = (np.isnan(value) & np.isnan(target)) | (value == target)
        size = np.abs(want) if scale is None else np.broadcast_to(np.asarray(scale, np.float64), want.shape)
        error = np.abs(value - want)
        slack = np.maximum(error - max(1.0, c / 2.0) * _SMALLEST[dtype], 0.0)
        ratio = np.where(matches, 0.0, slack / (unit_roundoff(dtype) * size))
        ratio = np.where(~matches & (slack == 0.0), 0.0, ratio)
        ratio = np.where(np.isnan(ratio) | (~matches & ~np.isfinite(value)), np.inf, ratio)
        finite = np.isfinite(error)
        ulps = error[finite] / _unit_in_the_last_place(want[finite], dtype)
        norm = float(np.linalg.norm(want[finite]))
        distance = float(np.linalg.norm(error[finite]))
    measured = float(ratio.max())
    worst = None
    if measured > 0.0 or not np.all(matches):
        at = np.unravel_index(int(np.argmax(np.where(matches, -1.0, ratio))), ratio.shape)
        worst = Worst(tuple(int(i) for i in at), got[at], want[at])
    return Verdict(
        measured <= c,
        measured,
        _describe(worst, measured),
        c,
        float(ulps.max(initial=0.0)),
        float(np.quantile(ulps, 0.99, method="higher")) if ulps.size else 0.0,
        distance / norm if norm else distance,
        worst,
    )


def _judge_complex(got: np.ndarray, want: np.ndarray, dtype: DType, c: float, scale: Any) -> Verdict:
    """Real and imaginary parts, on the scale of the magnitude; the last axis of the worst index is the part."""
    with np.errstate(all="ignore"):
        size = np.abs(want) if scale is None else np.broadcast_to(np.asarray(scale, np.float64), want.shape)
    parts = [np.stack([x.real, x.imag], -1) for x in (got, want.astype(np.complex128))]
    return judge(parts[0], parts[1], real_of(dtype), c=c, scale=size[..., None])


def _judge_exact(got: np.ndarray, want: np.ndarray, c: float) -> Verdict:
    wrong = np.asarray(got != want)
    if not wrong.any():
        return Verdict(True, 0.0, "equal", c)
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    worst = Worst(index, got[index], want[index])
    return Verdict(False, np.inf, _describe(worst, None), c, worst=worst)


def _unit_in_the_last_place(want: np.ndarray, dtype: DType) -> np.ndarray:
    """The distance between neighbouring numbers of `dtype` around each element, at least the smallest normal's."""
    exponent = np.maximum(np.floor(np.log2(np.abs(want))), _LEAST_EXPONENT[dtype])
    return 2.0 * unit_roundoff(dtype) * np.exp2(exponent)


def _describe(worst: Worst | None, measured: float | None) -> str:
    if worst is None:
        return "equal"
    at = f" at {list(worst.index)}" if worst.index else ""
    tail = "" if measured is None else f" (measured c = {measured:.3g})"
    return f"got {worst.got!r}, reference {worst.want!r}{at}{tail}"
