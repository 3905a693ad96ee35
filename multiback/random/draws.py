"""Random arrays by Keras's names: the same bits on every backend, inside graphs and outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multiback import config, ops
from multiback.errors import ArgumentError
from multiback.graph.trace import current_builder
from multiback.random._seed import fresh_key, key_for
from multiback.random.seed_generator import SeedGenerator

Seed = int | SeedGenerator | None


def _key(seed: Seed) -> Any:
    if isinstance(seed, SeedGenerator):
        return seed.key()
    if seed is not None:
        return np.asarray(key_for("random", seed=seed), np.uint32).view(np.int32)
    if current_builder() is not None:
        raise ArgumentError(
            "A draw without a seed would give the same numbers at every step of a compiled graph. "
            "Make a multiback.random.SeedGenerator once, in __init__, and pass it as seed."
        )
    return np.asarray(fresh_key(), np.uint32).view(np.int32)


def normal(shape: Sequence[Any], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Seed = None) -> Any:
    """Normally distributed numbers.

    Arguments:
        shape: Sizes; they may be symbolic.
        mean, stddev: Of the distribution.
        dtype: A float dtype; default `config.floatx()`.
        seed: An integer gives the same numbers each time; a SeedGenerator gives new ones; None, outside graphs only,
            follows from the seed of the process.

    Returns:
        An array of `shape`; the bits behind it are the same on every backend, the numbers agree to a few units
            of rounding.

    Raises:
        ArgumentError: without a seed inside a graph.

    Source: see `ops.normal`.

    Example:
        >>> normal((2, 3), seed=SeedGenerator(0)).shape
        (2, 3)
    """
    return ops.normal(_key(seed), tuple(shape), mean, stddev, dtype or config.floatx())


def uniform(
    shape: Sequence[Any], minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Seed = None
) -> Any:
    """Numbers distributed uniformly on [minval, maxval); arguments as for `normal`.

    Example:
        >>> uniform((4,), seed=1).shape
        (4,)
    """
    return ops.uniform(_key(seed), tuple(shape), minval, maxval, dtype or config.floatx())


def truncated_normal(
    shape: Sequence[Any], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Seed = None
) -> Any:
    """Normally distributed numbers within two standard deviations of the mean.

    A uniform draw between the values of the distribution function at -2 and 2 is inverted by Newton's method;
    arguments as for `normal`.

    Example:
        >>> truncated_normal((4,), seed=1).shape
        (4,)
    """
    shape, dtype = tuple(shape), dtype or config.floatx()
    edge = 0.022750131948179195  # the distribution function at -2
    draws = ops.uniform(_key(seed), shape, edge, 1.0 - edge, dtype)
    return _inverse_normal(draws) * stddev + mean


def _inverse_normal(p: Any) -> Any:
    x = ops.tanh((p - 0.5) * 1.6) * 1.9
    for _ in range(5):
        density = ops.exp(x * x * -0.5) * 0.3989422804014327
        x = x - ((ops.erf(x * 0.7071067811865476) + 1.0) * 0.5 - p) / density
    return ops.clip(x, -2.0, 2.0)


def randint(shape: Sequence[Any], minval: int, maxval: int, dtype: Any = "int32", seed: Seed = None) -> Any:
    """Integers from minval to maxval - 1, each with the same probability to within 2^-24 of it.

    Arguments:
        shape: Sizes; they may be symbolic.
        minval, maxval: The range, at most 2^24 wide.
        dtype: An integer dtype.
        seed: As for `normal`.

    Raises:
        ArgumentError: for an empty or too wide range, or without a seed inside a graph.

    Example:
        >>> randint((4,), 0, 10, seed=1).shape
        (4,)
    """
    if not 0 < maxval - minval <= 2**24:
        raise ArgumentError(f"randint needs 0 < maxval - minval <= 2**24, got {minval} and {maxval}.")
    unit = ops.uniform(_key(seed), tuple(shape), 0.0, 1.0, "float64")
    return ops.add(ops.cast(ops.floor(ops.multiply(unit, float(maxval - minval))), dtype), minval)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Seed = None) -> Any:
    """Samples of classes with probabilities softmax(logits), by the Gumbel-max method.

    Arguments:
        logits: (batch, classes), floats.
        num_samples: How many per row.
        dtype: An integer dtype.
        seed: As for `normal`.

    Returns:
        (batch, num_samples).

    Source: Maddison, Tarlow and Minka, A* sampling (2014).

    Example:
        >>> categorical([[0.0, 0.0]], 5, seed=1).shape
        (1, 5)
    """
    logits = ops.convert_to_tensor(logits)
    batch, classes = logits.shape
    noise = ops.uniform(
        _key(seed), (batch, num_samples, classes), 1e-7, 1.0, logits.dtype if current_builder() else None
    )
    return ops.cast(ops.argmax(ops.expand_dims(logits, 1) - ops.log(-ops.log(noise)), axis=-1), dtype)


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Seed = None) -> Any:
    """Elements set to 0 with probability `rate`, the others divided by 1 - rate; see `ops.dropout`.

    Example:
        >>> dropout(numpy.ones((2, 3)), 0.5, seed=1).shape
        (2, 3)
    """
    return ops.dropout(inputs, _key(seed), rate, noise_shape)


def shuffle(x: Any, axis: int = 0, seed: Seed = None) -> Any:
    """The array with its slices along an axis in random order.

    Example:
        >>> sorted(shuffle(numpy.arange(4), seed=1).tolist())
        [0, 1, 2, 3]
    """
    x = ops.convert_to_tensor(x)
    order = ops.argsort(ops.uniform(_key(seed), (x.shape[axis],), 0.0, 1.0, "float64"))
    return ops.take(x, order, axis=axis)
