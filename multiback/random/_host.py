"""Draws on the host: float64 arithmetic on Threefry bits, with nothing but operations that IEEE 754 rounds correctly.

No library logarithm is called, since those differ in the last bit between machines; every value is the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multiback.dtypes import as_dtype
from multiback.errors import ArgumentError, DtypeError
from multiback.random._threefry import blocks, checked_shape, random_bits

_LOWER_TAIL = 0.02275013194817920720  # the normal distribution function at -2
_LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")  # its product with an exponent is exact
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")

# Wichura 1988, AS 241 (PPND16): numerators and denominators, highest power first.
_CENTRAL = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)  # fmt: skip
_MIDDLE = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
     3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0),
)  # fmt: skip


def uniform(
    key: np.ndarray, shape: int | Sequence[int], low: float = 0.0, high: float = 1.0, dtype: Any = "float64"
) -> np.ndarray:
    """Uniform numbers: low + (high - low) * k / 2^52, k the upper 52 random bits.

    Arguments:
        key: uint32[2].
        shape: Sizes of the result.
        low: Lower bound, included.
        high: Upper bound, excluded in float64; rounding to a narrower dtype may reach it.
        dtype: A float dtype.

    Returns:
        Array of `shape` and `dtype`.

    Raises:
        DtypeError: if the dtype is not a float.
    """
    below = np.nextafter(high, low)
    return _fill(key, shape, dtype, lambda k: np.minimum(low + (high - low) * (k * 2.0**-52), below))


def normal(
    key: np.ndarray, shape: int | Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = "float64"
) -> np.ndarray:
    """Normal numbers: mean + stddev * F^-1((k + 1/2) / 2^52), F the normal distribution function.

    Arguments:
        key: uint32[2].
        shape: Sizes of the result.
        mean: Centre.
        stddev: Standard deviation.
        dtype: A float dtype.

    Returns:
        Array of `shape` and `dtype`; at most 8.2 standard deviations from the mean.

    Raises:
        DtypeError: if the dtype is not a float.

    Source: Wichura 1988, Algorithm AS 241: the percentage points of the normal distribution, Applied Statistics 37(3).
    """
    return _fill(key, shape, dtype, lambda k: mean + stddev * inverse_normal((k + 0.5) * 2.0**-52))


def truncated_normal(
    key: np.ndarray, shape: int | Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = "float64"
) -> np.ndarray:
    """Normal numbers within two standard deviations: mean + stddev * F^-1(F(-2) + u * (F(2) - F(-2))).

    Arguments:
        key: uint32[2].
        shape: Sizes of the result.
        mean: Centre.
        stddev: Standard deviation before the truncation; after it, it is 0.8796 times this.
        dtype: A float dtype.

    Returns:
        Array of `shape` and `dtype`.

    Raises:
        DtypeError: if the dtype is not a float.
    """

    def quantile(k: np.ndarray) -> np.ndarray:
        u = (k + 0.5) * 2.0**-52
        return mean + stddev * np.clip(inverse_normal(_LOWER_TAIL + u * (1.0 - 2.0 * _LOWER_TAIL)), -2.0, 2.0)

    return _fill(key, shape, dtype, quantile)


def randint(key: np.ndarray, shape: int | Sequence[int], low: int, high: int, dtype: Any = "int32") -> np.ndarray:
    """Uniform integers in [low, high): low + floor(b * (high - low) / 2^64), b of 64 random bits.

    A value's probability is off by less than 2^-32 of itself.

    Arguments:
        key: uint32[2].
        shape: Sizes of the result.
        low: Lower bound, included.
        high: Upper bound, excluded.
        dtype: An integer dtype.

    Returns:
        Array of `shape` and `dtype`.

    Raises:
        ArgumentError: if the range is empty or has more than 2^32 values.
        DtypeError: if the dtype is not an integer type that holds the range.
    """
    low, high = int(low), int(high)
    span = high - low
    if not 0 < span <= 1 << 32:
        raise ArgumentError(f"randint needs low < high and at most 2**32 values, got low={low}, high={high}.")
    kind = as_dtype(dtype)
    if not kind.is_integer or low < np.iinfo(kind.numpy).min or high - 1 > np.iinfo(kind.numpy).max:
        raise DtypeError(f"randint needs an integer dtype that holds {low} to {high - 1}, got {kind!r}.")
    sizes = checked_shape(shape)
    out = np.empty(math.prod(sizes), kind.numpy)
    for part, upper, lower in blocks(key, out.size):
        scaled = (lower.astype(np.uint64) * np.uint64(span)) >> np.uint64(32)
        scaled += upper.astype(np.uint64) * np.uint64(span)
        scaled >>= np.uint64(32)
        scaled += np.uint64(low & 0xFFFFFFFFFFFFFFFF)
        out[part] = scaled.astype(kind.numpy)  # wraps to the signed value
    return out.reshape(sizes)


def bernoulli(key: np.ndarray, shape: int | Sequence[int], p: float = 0.5) -> np.ndarray:
    """True with probability p: 32 random bits < round(p * 2^32).

    Returns:
        bool array of `shape`.

    Raises:
        ArgumentError: if p is not in [0, 1].
    """
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"p must be a probability, from 0 to 1, got {p!r}.")
    return random_bits(key, shape) < np.uint64(round(p * 2**32))


def permutation(n: int, key: np.ndarray) -> np.ndarray:
    """The numbers 0 to n - 1 in random order: sorted by random bits, by index where those tie.

    With k bits for the index, 64 - k remain to sort by, so that two elements tie with probability 2^(k - 64).

    Arguments:
        n: How many, at least 0.
        key: uint32[2].

    Returns:
        int64[n].

    Raises:
        ArgumentError: if n is negative or over 2^32.
    """
    if not 0 <= n <= 1 << 32:
        raise ArgumentError(f"A permutation has 0 to 2**32 elements, got {n!r}.")
    width = np.uint64(max(int(n) - 1, 0).bit_length())
    packed = random_bits(key, n, 64)
    packed >>= width
    packed <<= width
    packed |= np.arange(n, dtype=np.uint64)
    packed.sort()
    packed &= (np.uint64(1) << width) - np.uint64(1)
    return packed.astype(np.int64)


def inverse_normal(p: np.ndarray) -> np.ndarray:
    """The normal quantile F^-1(p), to 1 part in 10^15: a rational function of p - 1/2, in the tails of sqrt(-log(p)).

    Arguments:
        p: float64 array in (0, 1).

    Returns:
        float64 array of the same shape.

    Source: Wichura 1988, AS 241, routine PPND16.
    """
    q = p - 0.5
    result = np.empty_like(q)
    central = np.abs(q) <= 0.425
    r = 0.180625 - q[central] * q[central]
    result[central] = q[central] * _ratio(_CENTRAL, r)
    outer = ~central
    tail = np.minimum(p[outer], 1.0 - p[outer])
    root = np.sqrt(-logarithm(tail))
    far = root > 5.0
    value = _ratio(_MIDDLE, np.minimum(root, 5.0) - 1.6)
    value[far] = _ratio(_FAR, root[far] - 5.0)
    result[outer] = np.copysign(value, q[outer])
    return result


def logarithm(x: np.ndarray) -> np.ndarray:
    """Natural logarithm of normal x > 0 from + - * / alone: e * log 2 + 2 * artanh((m - 1) / (m + 1)), x = m * 2^e."""
    mantissa, exponent = np.frexp(x)
    small = mantissa < math.sqrt(0.5)
    mantissa = np.where(small, mantissa * 2.0, mantissa)
    e = exponent - small.astype(np.float64)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    square = s * s
    series = np.zeros_like(s)
    for odd in range(23, 1, -2):
        series = (series + 1.0 / odd) * square
    return e * _LN2_HIGH + (2.0 * s + (2.0 * s * series + e * _LN2_LOW))


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], r: np.ndarray) -> np.ndarray:
    above, below = (_polynomial(c, r) for c in coefficients)
    return above / below


def _polynomial(coefficients: tuple[float, ...], r: np.ndarray) -> np.ndarray:
    value = coefficients[0] * r
    for coefficient in coefficients[1:-1]:
        value += coefficient
        value *= r
    value += coefficients[-1]
    return value


def _fill(
    key: np.ndarray, shape: int | Sequence[int], dtype: Any, transform: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    # Chunk by chunk, so that a large table needs no float64 copy of itself.
    kind = as_dtype(dtype)
    if not kind.is_float:
        raise DtypeError(f"A draw of real numbers needs a float dtype, got {kind!r}.")
    sizes = checked_shape(shape)
    out = np.empty(math.prod(sizes), kind.numpy)
    for part, high, low in blocks(key, out.size):
        bits = high.astype(np.uint64) << np.uint64(20) | low >> np.uint32(12)
        out[part] = transform(bits.astype(np.float64)).astype(kind.numpy)
    return out.reshape(sizes)
