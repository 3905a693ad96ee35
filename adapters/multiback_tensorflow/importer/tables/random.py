"""Random numbers: TensorFlow's distributions, from multiback's own bits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback import ops
from multiback.porting.host_values import as_size, as_sizes
from multiback_tensorflow.importer.interpreter import Context, operand

Handler = Callable[..., Any]


@dataclass(frozen=True)
class _Seed:
    """A key that was made from a seed given in the program: the same seed gives the same numbers."""

    key: Any


def _key(context: Context, seed: Any) -> Any:
    return seed.key if isinstance(seed, _Seed) else context.fresh_key()


def _from_seed(seed: Any) -> Any:
    return ops.cast(operand(seed), "int32")


def _draw(context: Context, kind: str, key: Any, shape: Any, attributes: dict[str, Any], bounds: Any = ()) -> Any:
    target = as_sizes(shape, "the shape of random numbers")
    dtype = attributes.get("dtype", attributes.get("Tout", "float32"))
    if kind == "uniform":
        return ops.uniform(key, target, dtype=dtype)
    if kind == "normal":
        return ops.normal(key, target, dtype=dtype)
    if kind == "truncated":
        # The inverse of the distribution function, between what it is at -2 and at 2.
        u = ops.uniform(key, target, dtype=dtype)
        return ops.erfinv((2.0 * u - 1.0) * math.erf(math.sqrt(2.0))) * math.sqrt(2.0)
    bits = ops.random_bits(key, target)
    if kind == "bits":
        return ops.cast(bits, dtype)
    low, high = (operand(b) for b in bounds)
    span = ops.cast(ops.subtract(high, low), "int32")
    inside = ops.mod(ops.bitwise_and(bits, np.int32(2**31 - 1)), span)
    return ops.cast(inside, low.dtype) + low


def _stateful(kind: str) -> Handler:
    """Inputs: shape, bounds."""

    def handler(context: Context, node: Any, function: Any, shape: Any, *bounds: Any) -> Any:
        return _draw(context, kind, context.fresh_key(), shape, node.attributes, bounds)

    return handler


def _generator(kind: str) -> Handler:
    """Inputs: the state's handle, the algorithm, shape, bounds."""

    def handler(context: Context, node: Any, function: Any, _: Any, __: Any, shape: Any, *bounds: Any) -> Any:
        return _draw(context, kind, context.fresh_key(), shape, node.attributes, bounds)

    return handler


def _seeded(kind: str) -> Handler:
    """Inputs: shape, seed, bounds."""

    def handler(context: Context, node: Any, function: Any, shape: Any, seed: Any, *bounds: Any) -> Any:
        return _draw(context, kind, _from_seed(seed), shape, node.attributes, bounds)

    return handler


def _keyed(kind: str) -> Handler:
    """Inputs: shape, key, counter, algorithm, bounds."""

    def handler(context: Context, node: Any, function: Any, shape: Any, key: Any, *rest: Any) -> Any:
        return _draw(context, kind, _key(context, key), shape, node.attributes, rest[2:])

    return handler


def _key_and_counter(context: Context, node: Any, function: Any, seed: Any) -> Any:
    return _Seed(_from_seed(seed)), np.zeros(2, np.int64), np.asarray(1, np.int32)


def _shuffle(context: Context, node: Any, function: Any, x: Any) -> Any:
    x = operand(x)
    return ops.take(x, ops.argsort(ops.random_bits(context.fresh_key(), (x.shape[0],))), 0)


def _categories(key: Any, logits: Any, count: Any, dtype: str) -> Any:
    """Draws from the distributions that logits describe: the largest of logits with Gumbel noise."""
    rows, classes = logits.shape
    shape = (rows, as_size(count, "the number of samples"), classes)
    u = ops.uniform(key, shape)
    noise = ops.negative(ops.log(ops.negative(ops.log(u))))
    return ops.cast(ops.argmax(ops.cast(logits, "float32")[:, None, :] + noise, axis=-1), dtype)


def _multinomial(context: Context, node: Any, function: Any, logits: Any, count: Any) -> Any:
    return _categories(context.fresh_key(), operand(logits), count, node.attributes["output_dtype"])


def _seeded_multinomial(context: Context, node: Any, function: Any, logits: Any, count: Any, seed: Any) -> Any:
    return _categories(_from_seed(seed), operand(logits), count, node.attributes["output_dtype"])


CONTEXTUAL: dict[str, Handler] = {
    "Multinomial": _multinomial,
    "RandomShuffle": _shuffle,
    "RandomStandardNormal": _stateful("normal"),
    "RandomUniform": _stateful("uniform"),
    "RandomUniformInt": _stateful("integers"),
    "RngReadAndSkip": lambda context, node, function, *_: np.zeros(2, np.int64),
    "RngSkip": lambda *_: None,
    "StatefulStandardNormalV2": _generator("normal"),
    "StatefulUniform": _generator("uniform"),
    "StatefulUniformFullInt": _generator("bits"),
    "StatefulUniformInt": _generator("integers"),
    "StatelessMultinomial": _seeded_multinomial,
    "StatelessRandomGetAlg": lambda *_: np.asarray(1, np.int32),
    "StatelessRandomGetKeyCounter": lambda *a: _key_and_counter(*a)[:2],
    "StatelessRandomGetKeyCounterAlg": _key_and_counter,
    "StatelessRandomNormal": _seeded("normal"),
    "StatelessRandomNormalV2": _keyed("normal"),
    "StatelessRandomUniform": _seeded("uniform"),
    "StatelessRandomUniformFullInt": _seeded("bits"),
    "StatelessRandomUniformFullIntV2": _keyed("bits"),
    "StatelessRandomUniformInt": _seeded("integers"),
    "StatelessRandomUniformIntV2": _keyed("integers"),
    "StatelessRandomUniformV2": _keyed("uniform"),
    "StatelessTruncatedNormal": _seeded("truncated"),
    "StatelessTruncatedNormalV2": _keyed("truncated"),
    "StatefulTruncatedNormal": _generator("truncated"),
    "TruncatedNormal": _stateful("truncated"),
}

DRAWING = frozenset(CONTEXTUAL)
"""Ops that draw random numbers."""
