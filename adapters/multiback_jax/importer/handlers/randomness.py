"""Random numbers: JAX's Threefry, the same bits as there. A key is two words along a last axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.errors import PortError
from multiback.graph.dims import Size, product
from multiback_jax.importer.handlers.integers import as_bits
from multiback_jax.importer.node import Handler, Node, as_value, cast, dtype_of, number, reshape


def _words(key: Any) -> tuple[Any, Any]:
    key = as_bits(as_value(key), dtypes.int32)
    return ops.getitem(key, (..., 0)), ops.getitem(key, (..., 1))


def _hashed(key: tuple[Any, Any], high: Any, low: Any) -> tuple[Any, Any]:
    return ops.threefry2x32(*key, high, low)


def _key(pair: tuple[Any, Any]) -> Any:
    return as_bits(ops.stack(pair, -1), dtypes.uint32)


def _seed(node: Node, seed: Any) -> Any:
    impl = getattr(node["impl"], "name", str(node["impl"]))
    if "threefry2x32" not in impl:
        raise PortError(f"Random keys of the kind {impl!r} cannot be ported; use jax.random.key(seed).")
    return ops.stack(_seed_words(as_value(seed)), -1)


def _seed_words(seed: Any) -> tuple[Any, Any]:
    if dtype_of(seed).bits == 64:
        high = ops.bitwise_right_shift(as_bits(seed, dtypes.uint64), number(32, dtypes.uint64))
        return cast(high, dtypes.uint32), cast(as_bits(seed, dtypes.uint64), dtypes.uint32)
    low = cast(seed, dtypes.uint32) if dtype_of(seed).bits < 32 else as_bits(seed, dtypes.uint32)
    return ops.zeros_like(low), low


def _counters(shape: tuple[Size, ...]) -> tuple[Any, Any]:
    """The upper and lower words of 0, 1, ... in a shape."""
    count = product(shape)
    if isinstance(count, int) and count >= 1 << 31:
        raise PortError(f"{count} random numbers in one draw cannot be ported.")
    low = reshape(ops.iota(count), shape)
    return np.zeros((1,) * len(shape), np.int32), low


def _drawn(key: Any, shape: tuple[Size, ...]) -> tuple[Any, Any]:
    first, second = _words(key)
    if first.ndim:
        wide = (*first.shape, *[1] * len(shape))
        first, second = reshape(first, wide), reshape(second, wide)
    return _hashed((first, second), *_counters(shape))


def _random_bits(node: Node, key: Any) -> Any:
    shape, width = node["shape"], node["bit_width"]
    high, low = _drawn(key, shape if shape else (1,))
    if width == 64:
        top, bottom = (cast(as_bits(w, dtypes.uint32), dtypes.uint64) for w in (high, low))
        bits = ops.bitwise_or(ops.bitwise_left_shift(top, number(32, dtypes.uint64)), bottom)
    else:
        bits = cast(as_bits(ops.bitwise_xor(high, low), dtypes.uint32), dtypes.ALL[f"uint{width}"])
    return reshape(bits, node.shape)


def _split(node: Node, key: Any) -> Any:
    shape = node["shape"]
    return _key(_drawn(key, shape))


def _fold_in(node: Node, key: Any, data: Any) -> Any:
    high, low = (as_bits(w, dtypes.int32) for w in _seed_words(cast(as_value(data), dtypes.uint32)))
    return _key(_hashed(_words(key), high, low))


def _threefry(node: Node, first: Any, second: Any, high: Any, low: Any) -> Any:
    words = (as_bits(as_value(w), dtypes.int32) for w in (first, second, high, low))
    return tuple(as_bits(w, dtypes.uint32) for w in ops.threefry2x32(*words))


def _counting(node: Node) -> Any:
    _, low = _counters(node.shape)
    return ops.zeros(node.shape, "uint32"), as_bits(low, dtypes.uint32)


def _as_it_is(node: Node, key: Any) -> Any:
    return key


HANDLERS: dict[str, Handler] = {
    "iota_2x32_shape": _counting,
    "random_bits": _random_bits,
    "random_clone": _as_it_is,
    "random_fold_in": _fold_in,
    "random_seed": _seed,
    "random_split": _split,
    "random_unwrap": _as_it_is,
    "random_wrap": _as_it_is,
    "threefry2x32": _threefry,
}
