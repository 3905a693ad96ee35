"""Random numbers inside a graph: a hash of key and position, so that every backend draws the same bits.

A key is int32[2], or the same bits as uint32[2]. A draw with one key is always the same: take another key for another
draw. Keys come from the host (`multiback.random`), one per draw and step, or from `fold_in`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from multiback import config, dtypes
from multiback.errors import ArgumentError, DtypeError, ShapeError
from multiback.graph.dims import Dim, product
from multiback.ops._cases import ALL_FLOATS, EXACT, Bound, Case, Sample
from multiback.ops._define import OPS, Array, composite
from multiback.ops._rules import as_type, broadcast_shapes, chained, promoting
from multiback.ops.creation import iota, zeros_like
from multiback.ops.shaping import reshape, shown


def _signed(word: int) -> int:
    return word - (1 << 32) if word >= 1 << 31 else word


# The constants of multiback/random/_hash.py, which defines the bits.
WEYL, FIRST, SECOND = _signed(0x9E3779B1), _signed(0x7FEB352D), _signed(0x846CA68B)

_PRECISION = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 32}


def _is_key(call: dict[str, Any]) -> None:
    key = call["key"]
    if key.shape != (2,) or key.dtype not in ("int32", "uint32"):
        raise DtypeError(f"A key has the dtype int32 or uint32 and the shape (2,), got {key.dtype}{shown(key.shape)}.")
    call["key"] = as_type(key, dtypes.int32)


def _is_shape(call: dict[str, Any]) -> None:
    shape = call["shape"]
    call["shape"] = shape if isinstance(shape, tuple) else (shape,)


_KEY = Sample(values=[123456789, -987654321], dtype="int32")


def _drawn(label: str = "", bound: Bound = EXACT, key: Sample = _KEY, **attributes: Any) -> Case:
    return Case((key,), attributes, label, bound=bound, differentiable=False)


def _hash(counter: Any, key: Any) -> Any:
    """The counter hash of multiback/random/_hash.py on int32."""
    t = counter * WEYL + (key[0] + key[1] * SECOND)
    x = (t ^ _shifted(t, 16)) * (key[1] * 2 ^ FIRST)
    x = (x ^ _shifted(x, 15)) * ((t ^ SECOND) | 1)
    return x ^ _shifted(x, 16)


def _shifted(x: Any, places: int) -> Any:
    """The logical shift to the right."""
    return x >> places & (1 << 32 - places) - 1


@composite(
    canonical=chained(_is_key, _is_shape),
    cases=[
        _drawn(shape=(5, 3)),
        _drawn("scalar", shape=()),
        _drawn("wide", shape=(3, 1025)),
        _drawn("rows", shape=(2, 40, 30)),
        _drawn("empty", shape=(0, 3)),
        _drawn("number", shape=4),
        _drawn("largest key", key=Sample(values=[2**31 - 1, -(2**31)], dtype="int32"), shape=(9,)),
        _drawn("other key", key=Sample(values=[-1, 0], dtype="int32"), shape=(7,)),
        _drawn("unsigned key", key=Sample(values=[2**32 - 1, 5], dtype="uint32"), shape=(7,)),
    ],
)
def random_bits(key: Array, shape: Any) -> Any:
    """32 random bits for each element: a hash of the key and of the element's flat index.

    Arguments:
        key: int32[2] or uint32[2].
        shape: Sizes, fewer than 2^31 elements; they may be symbolic.

    Returns:
        int32 array of `shape`.

    Raises:
        DtypeError: if the key is not one.

    Source: `counter_hash` in multiback/random/_hash.py.

    Example:
        >>> ops.random_bits(key, (batch, 64))
    """
    return _hash(reshape(iota(product(shape)), shape), key)


@composite(
    canonical=chained(_is_key),
    cases=[
        Case((_KEY, Sample(values=7, dtype="int32")), {}, "", bound=EXACT, differentiable=False),
        Case((_KEY, Sample(values=-1, dtype="int32")), {}, "negative", bound=EXACT, differentiable=False),
        Case((_KEY, Sample(values=0, dtype="uint32")), {}, "unsigned", bound=EXACT, differentiable=False),
        Case((_KEY, Sample(values=2**30 - 1, dtype="int64")), {}, "largest", bound=EXACT, differentiable=False),
        Case((Sample(values=[5, 6], dtype="uint32"), 3), {}, "number", bound=EXACT, differentiable=False),
    ],
)
def fold_in(key: Array, number: Array) -> Any:
    """Another key, for draw `number`: the hash at the positions 2^31 + 2 * number and the next, which no draw reaches.

    Arguments:
        key: int32[2] or uint32[2].
        number: Integer scalar, such as a step or the index of a layer; taken modulo 2^30.

    Returns:
        int32[2].

    Raises:
        DtypeError: if the key is not one.

    Example:
        >>> key = ops.fold_in(key, step)
    """
    places = OPS["cast"](number, dtypes.int32) * 2 + iota(2)
    return _hash(places | _signed(1 << 31), key)


def _float_type(call: dict[str, Any]) -> None:
    call["dtype"] = dtypes.as_dtype(call["dtype"] or config.floatx())
    if not call["dtype"].is_float:
        raise DtypeError(f"dtype must be a float, got {call['dtype']}.")


@composite(
    canonical=chained(_is_key, _is_shape, _float_type),
    cases=[
        _drawn(shape=(4, 5)),
        _drawn("range", Bound(2, lambda *_, **__: 3.0), shape=(20,), low=-3.0, high=2.5),
        _drawn("range of halves", Bound(2, lambda *_, **__: 3.0), shape=(20,), low=-3.0, high=2.5, dtype="bfloat16"),
        _drawn("scalar", shape=()),
        _drawn("empty", shape=(3, 0)),
        *(_drawn(dtype, shape=(50,), dtype=dtype) for dtype in _PRECISION),
    ],
)
def uniform(key: Array, shape: Any, low: float = 0.0, high: float = 1.0, dtype: Any = None) -> Any:
    """Uniform numbers: low + (high - low) * u with u = (bits >> (32 - p)) / 2^p + 1/2, bits signed.

    u is exact: p is 24 for float32, 11 for float16, 8 for bfloat16, 32 for float64. With the default range all backends
    give the same numbers.

    Arguments:
        key: int32[2] or uint32[2].
        shape: Sizes; they may be symbolic.
        low: Lower bound, included.
        high: Upper bound, excluded but for rounding.
        dtype: A float dtype, `floatx()` unless given.

    Returns:
        Array of `shape` and `dtype`.

    Raises:
        DtypeError: if the dtype is not a float.

    Example:
        >>> ops.uniform(key, (2, 3), -1.0, 1.0)
    """
    precision = _PRECISION[dtype]
    bits = random_bits(key, shape)
    u = OPS["cast"](bits >> 32 - precision if precision < 32 else bits, dtype) * 2.0**-precision + 0.5
    return u if (low, high) == (0, 1) else u * (high - low) + low


def _is_probability(name: str) -> Any:
    def canonical(call: dict[str, Any]) -> None:
        value = call[name]
        if not isinstance(value, int | float) or not 0 <= value <= 1:
            raise ArgumentError(f"{name} must be a number from 0 to 1, got {value!r}.")
        call[name] = float(value)

    return canonical


def _threshold(probability: float) -> int:
    """Bits, as signed integers, are below this with the given probability."""
    return round(probability * 2**32) - 2**31


@composite(
    canonical=chained(_is_key, _is_shape, _is_probability("probability")),
    cases=[
        *(_drawn(str(p), shape=(40,), probability=p) for p in (0.0, 1e-9, 0.3, 0.5, 1 - 1e-9, 1.0)),
        _drawn("scalar", shape=(), probability=0.5),
        _drawn("empty", shape=(0,), probability=0.5),
        _drawn("large", shape=(5, 3500), probability=0.9),
    ],
)
def bernoulli(key: Array, shape: Any, probability: float = 0.5) -> Any:
    """True with a probability: where the random bits, as signed integers, are below round(probability * 2^32) - 2^31.

    Arguments:
        key: int32[2] or uint32[2].
        shape: Sizes; they may be symbolic.
        probability: Number from 0 to 1.

    Returns:
        Booleans of `shape`.

    Raises:
        ArgumentError: if the probability is not one.

    Example:
        >>> ops.bernoulli(key, (2, 3), 0.25)
    """
    threshold = _threshold(probability)
    if threshold >= 2**31:
        return OPS["ones"](shape, dtypes.bool_)
    return OPS["less"](random_bits(key, shape), threshold)


@composite(
    canonical=chained(_is_key, _is_shape, _float_type),
    cases=[
        _drawn("", Bound(16, lambda *_, **__: 3.0), shape=(6, 5)),
        _drawn("scaled", Bound(16, lambda *_, **__: 7.0), shape=(30,), mean=1.0, stddev=2.0),
        _drawn("half", Bound(4, lambda *_, **__: 3.0), shape=(30,), dtype="float16"),
        _drawn("bfloat16", Bound(4, lambda *_, **__: 3.0), shape=(30,), dtype="bfloat16"),
        _drawn("scalar", Bound(16, lambda *_, **__: 3.0), shape=()),
        _drawn("empty", shape=(0,)),
        _drawn("constant", Bound(1), shape=(3,), mean=2.0, stddev=0.0),
        _drawn("wide", Bound(16, lambda *_, **__: 3.0), shape=(30,), dtype="float64"),
    ],
)
def normal(key: Array, shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None) -> Any:
    """Normal numbers: mean + stddev * sqrt(-2 ln(1 - u)) cos(2 pi (v - 1/2)), u and v uniform draws.

    The bits are the same on every backend, the functions differ in the last places: results agree within 16 units of
    rounding of sqrt(-2 ln(1 - u)). No number is more than 5.8 standard deviations from the mean in float32, or 6.7 in
    float64.

    Arguments:
        key: int32[2] or uint32[2].
        shape: Sizes; they may be symbolic.
        mean: Centre.
        stddev: Standard deviation.
        dtype: A float dtype, `floatx()` unless given; those of 16 bits are rounded from float32.

    Returns:
        Array of `shape` and `dtype`.

    Raises:
        DtypeError: if the dtype is not a float.

    Source: Box and Muller 1958.

    Example:
        >>> x + ops.normal(key, x.shape, stddev=0.1)
    """
    wide = dtypes.float64 if dtype == dtypes.float64 else dtypes.float32
    draws = uniform(key, (2, *shape), dtype=wide)
    radius = OPS["sqrt"](OPS["log"](1.0 - draws[0]) * -2.0)
    y = radius * OPS["cos"]((draws[1] - 0.5) * (2 * math.pi))
    y = y if stddev == 1 else y * stddev
    return OPS["cast"](y if mean == 0 else y + mean, dtype)


def _noise(call: dict[str, Any]) -> None:
    x, noise = call["x"], call["noise_shape"]
    sizes = x.shape if noise is None else tuple(n if m is None else m for n, m in zip(x.shape, noise))
    if len(sizes) != x.ndim or (noise is not None and len(noise) != x.ndim):
        raise ShapeError(f"noise_shape needs {x.ndim} sizes (or None for those of x), got {noise}.")
    if broadcast_shapes(x.shape, sizes) != x.shape:
        raise ShapeError(f"noise_shape {shown(sizes)} must broadcast to the shape {shown(x.shape)} of x.")
    call["noise_shape"] = sizes


_X = Sample(("batch", 4, 3))
_DROP = Bound(2.01, gradient=8)  # two roundings: of 1 / (1 - rate), and of the product


def _dropped(label: str, dtypes: Sequence[str] = ("float32",), x: Sample = _X, **attributes: Any) -> Case:
    return Case((x, _KEY), attributes, label, dtypes, _DROP)


@composite(
    canonical=chained(promoting("x", to_float=True), _is_key, _is_probability("rate"), _noise),
    cases=[
        _dropped("", rate=0.3),
        Case((Sample((4, 3, 2)), _KEY), {"rate": 0.3}, "", ALL_FLOATS[1:], _DROP, False),
        _dropped("hardly any", rate=1e-9),
        _dropped("nearly all", rate=1 - 1e-9),
        _dropped("special", x=Sample(values=[float("inf"), float("nan"), -0.0, 1.0]), rate=1e-9),
        _dropped("none", rate=0.0),
        _dropped("all", rate=1.0),
        _dropped("channels", rate=0.5, noise_shape=(None, 1, None)),
        _dropped("given sizes", rate=0.5, noise_shape=(Dim.named("batch"), 4, 1)),
        _dropped("large", x=Sample((5, 3500)), rate=0.1),
        _dropped("scalar", x=Sample(()), rate=0.4),
    ],
)
def dropout(x: Array, key: Array, rate: float, noise_shape: Any = None) -> Any:
    """x with elements set to 0 with probability `rate`, and the others divided by 1 - rate.

    y = x * m, where m is 0 where the random bits, as signed integers, are below round(rate * 2^32) - 2^31, and else
    1 / (1 - rate) rounded to the dtype of x. The mask is the same on every backend.

    Arguments:
        x: Floats.
        key: int32[2] or uint32[2].
        rate: Number from 0 (x itself) to 1 (zeros).
        noise_shape: Shape of the mask, which broadcasts to that of x; None, or None for an axis, means the size of x.

    Returns:
        Array of the shape and dtype of x.

    Raises:
        ArgumentError: if the rate is not from 0 to 1.
        ShapeError: if the mask does not broadcast to x.

    Source: Srivastava et al. 2014, Dropout, with inverted scaling.

    Example:
        >>> ops.dropout(x, key, 0.1)
    """
    threshold = _threshold(rate)
    if rate == 0:
        return OPS["broadcast_to"](x, x.shape)
    if threshold >= 2**31:
        return zeros_like(x)
    keep = OPS["greater_equal"](random_bits(key, noise_shape), threshold)
    zero = OPS["cast"](0, x.dtype)
    return x * OPS["where"](keep, zero + 1 / (1 - rate), zero)
