"""Random draws, each with what it must give: NumPy on the bits of the counter hash, or on those of Threefry."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback import layers, ops, random
from multiback.random import _host, _threefry
from multiback.random._hash import counter_hash
from multiback.random._seed import key_for

SEED = 5
SHAPE = (40, 5)
KEY = np.array([0x89ABCDEF, 0x12345678], np.uint32)
FLOATS = {"float32": 24, "float64": 32, "float16": 11, "bfloat16": 8}
"""How many random bits a uniform draw has in each dtype."""


def bits(key: np.ndarray, shape: tuple[int, ...], first: int = 0) -> np.ndarray:
    """The bits of a draw: the hash of key and position, as signed integers."""
    positions = (np.arange(math.prod(shape), dtype=np.uint64) + first).astype(np.uint32)
    return counter_hash(positions, *map(int, np.asarray(key).view(np.uint32))).view(np.int32).reshape(shape)


def folded(key: np.ndarray, number: int) -> np.ndarray:
    """The key for draw `number`."""
    return bits(key, (2,), first=2**31 + 2 * number)


def unit(key: np.ndarray, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    """Uniform numbers in [0, 1), which are exact in the dtype."""
    precision = FLOATS[dtype]
    return (bits(key, shape) >> (32 - precision)) * 2.0**-precision + 0.5


def _below(key: np.ndarray, shape: tuple[int, ...], probability: float) -> np.ndarray:
    return bits(key, shape) < round(probability * 2**32) - 2**31


def _kept(key: np.ndarray, shape: tuple[int, ...], rate: float) -> np.ndarray:
    return np.where(_below(key, shape, rate), 0.0, float(np.float32(1 / (1 - rate))))


def seeded() -> np.ndarray:
    """The key of draws with the seed `SEED`."""
    return key_for("random", seed=SEED)


@dataclass(frozen=True, eq=False)
class Draw:
    """One draw.

    Attributes:
        name: Of the function.
        label: What tells it from its other draws.
        call: On the selected backend.
        want: In float64, or exact.
        dtype: Of the result.
        c: Bound; 0 where every backend gives the same bits.
        scale: Magnitude per element for the bound, from `want`.
    """

    name: str
    label: str
    call: Callable[[], Any]
    want: Callable[[], np.ndarray]
    dtype: str = "float32"
    c: float = 0.0
    scale: Callable[[np.ndarray], Any] = lambda want: 1.0


def _normal(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    u, v = unit(seeded(), (2, *shape), dtype)
    return np.sqrt(-2.0 * np.log(1.0 - u)) * np.cos(2.0 * np.pi * (v - 0.5))


_EDGE = 0.022750131948179195


def _truncated() -> np.ndarray:
    return np.clip(_host.inverse_normal(unit(seeded(), SHAPE) * (1.0 - 2.0 * _EDGE) + _EDGE), -2.0, 2.0)


def _inverse_density(x: np.ndarray) -> np.ndarray:
    """How much an error in the distribution function is magnified at x."""
    return np.sqrt(2.0 * np.pi) * np.exp(x * x / 2.0)


_LOGITS = np.log(np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], np.float32))


def _categorical() -> np.ndarray:
    noise = unit(seeded(), (2, 100, 3)) * (1.0 - 1e-7) + 1e-7
    return np.argmax(_LOGITS[:, None].astype(np.float64) - np.log(-np.log(noise)), axis=-1)


def _dropout_layer(shape: tuple[int, ...], noise: tuple[int, ...], call: int) -> np.ndarray:
    """The mask of a layer called "tested" in its `call`-th call: the key is that of its path and of the step."""
    key = folded(np.zeros(2, np.int32), call) ^ key_for("tested").view(np.int32)
    return np.broadcast_to(_kept(key, noise, 0.3), shape)


def _layer_calls(layer: Any, shape: tuple[int, ...]) -> Any:
    ones = np.ones(shape, np.float32)
    return [layer(ones, training=True) for _ in range(2)][1]


DRAWS = (
    Draw("random_bits", "", lambda: ops.random_bits(KEY, SHAPE), lambda: bits(KEY, SHAPE), "int32"),
    Draw("fold_in", "", lambda: ops.fold_in(KEY, np.int32(77)), lambda: folded(KEY, 77), "int32"),
    Draw("bernoulli", "", lambda: ops.bernoulli(KEY, SHAPE, 0.25), lambda: _below(KEY, SHAPE, 0.25), "bool"),
    *(
        Draw(
            "uniform",
            "",
            lambda dtype=dtype: random.uniform(SHAPE, dtype=dtype, seed=SEED),  # type: ignore[misc]
            lambda dtype=dtype: unit(seeded(), SHAPE, dtype),  # type: ignore[misc]
            dtype,
        )
        for dtype in FLOATS
    ),
    Draw(
        "uniform",
        "range",
        lambda: random.uniform(SHAPE, -1.0, 3.0, seed=SEED),
        lambda: unit(seeded(), SHAPE) * 4.0 - 1.0,
        c=2.0,
        scale=lambda want: 4.0,
    ),
    # 16 units of rounding of the radius, which is at most 5.8 in float32 and 6.7 in float64.
    Draw(
        "normal",
        "",
        lambda: random.normal(SHAPE, seed=SEED),
        lambda: _normal(SHAPE, "float32"),
        c=16.0,
        scale=lambda want: 5.8,
    ),
    Draw(
        "normal",
        "moments",
        lambda: random.normal(SHAPE, 1.0, 2.0, "float64", seed=SEED),
        lambda: 1.0 + 2.0 * _normal(SHAPE, "float64"),
        "float64",
        c=16.0,
        scale=lambda want: 2.0 * 6.7,
    ),
    Draw(
        "truncated_normal",
        "",
        lambda: random.truncated_normal(SHAPE, seed=SEED),
        _truncated,
        c=16.0,
        scale=lambda want: np.maximum(_inverse_density(want), 2.0),
    ),
    Draw(
        "randint",
        "",
        lambda: random.randint(SHAPE, -3, 400, seed=SEED),
        lambda: np.floor(unit(seeded(), SHAPE, "float64") * 403.0) - 3,
        "int32",
    ),
    Draw(
        "categorical",
        "",
        lambda: random.categorical(_LOGITS, 100, seed=SEED),
        _categorical,
        "int32",
    ),
    Draw(
        "dropout",
        "",
        lambda: random.dropout(np.ones(SHAPE, np.float32), 0.3, seed=SEED),
        lambda: _kept(seeded(), SHAPE, 0.3),
    ),
    Draw(
        "dropout",
        "noise_shape",
        lambda: random.dropout(np.ones(SHAPE, np.float32), 0.3, (None, 1), seed=SEED),
        lambda: np.broadcast_to(_kept(seeded(), (SHAPE[0], 1), 0.3), SHAPE),
    ),
    Draw(
        "shuffle",
        "",
        lambda: random.shuffle(np.arange(100, dtype=np.int32), seed=SEED),
        lambda: np.argsort(unit(seeded(), (100,), "float64"), kind="stable"),
        "int32",
    ),
    Draw(
        "Dropout",
        "second call",
        lambda: _layer_calls(layers.Dropout(0.3, name="tested"), SHAPE),
        lambda: _dropout_layer(SHAPE, SHAPE, 1),
    ),
    Draw(
        "SpatialDropout1D",
        "second call",
        lambda: _layer_calls(layers.SpatialDropout1D(0.3, name="tested"), (4, 5, 6)),
        lambda: _dropout_layer((4, 5, 6), (4, 1, 6), 1),
    ),
)

KNOWN_ANSWERS = (
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
)
"""Key, counter and block of Threefry-2x32 with 20 rounds, as the authors of the method publish them (Random123)."""


def threefry(key: tuple[int, int], counter: tuple[int, int]) -> tuple[int, int]:
    """The block that the host's generator gives."""
    found = _threefry.fold_in(np.array(key, np.uint32), counter[0] << 32 | counter[1])
    return int(found[0]), int(found[1])
