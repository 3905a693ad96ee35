"""The seed of the process, and the keys derived from it: a key depends on (seed, path, step) and on nothing else."""

from __future__ import annotations

import hashlib
import operator
import os
import threading
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from multiback.errors import ArgumentError, unknown_name
from multiback.random._threefry import fold_in, key_from_seed

_LOCK = threading.Lock()
_seed: int | None = None
_fresh_draws = 0
_generation = 0


def set_seed(seed: int) -> None:
    """Sets the seed of everything random: initial weights, shuffles, masks.

    The seed belongs to the process: all threads see it at once. Keys depend on paths and steps, never on the order in
    which threads ask; only draws made without a key (`fresh_key`) are numbered in the order in which they come.

    Arguments:
        seed: An integer from -2^63 to 2^64 - 1.

    Raises:
        ArgumentError: if it is not such an integer.

    Example:
        >>> set_seed(0)
    """
    global _seed, _fresh_draws, _generation
    checked = checked_seed(seed)
    with _LOCK:
        _seed, _fresh_draws = checked, 0
        _generation += 1


def generation() -> int:
    """How often the seed has been set: what is numbered in order starts again when it changes."""
    return _generation


def get_seed() -> int:
    """The seed of the process; where none was set, one that the operating system drew at the first use."""
    global _seed
    with _LOCK:
        if _seed is None:
            _seed = int.from_bytes(os.urandom(4), "little")
        return _seed


def key_for(path: str, seed: int | None = None, step: int = 0) -> np.ndarray:
    """The key of a named draw: fold_in(fold_in(key(seed), hash(path)), step).

    The hash of a path is BLAKE2b with 8 bytes, read in big-endian order.

    Arguments:
        path: What the draw is for, such as "encoder/dense/kernel".
        seed: Default: the seed of the process.
        step: Number of the draw, from 0 to 2^64 - 1.

    Returns:
        uint32[2].

    Raises:
        ArgumentError: if the seed is not an integer from -2^63 to 2^64 - 1.

    Source: BLAKE2, RFC 7693; Threefry, Salmon et al. 2011.

    Example:
        >>> key_for("dense/kernel", seed=0).dtype
        dtype('uint32')
    """
    root = key_from_seed(get_seed() if seed is None else checked_seed(seed))
    digest = hashlib.blake2b(path.encode(), digest_size=8).digest()
    return fold_in(fold_in(root, int.from_bytes(digest, "big")), step)


def fresh_key() -> np.ndarray:
    """A key that no call gave before since the seed was set: the key of path "fresh" and a running number.

    Returns:
        uint32[2].
    """
    global _fresh_draws
    get_seed()
    with _LOCK:
        seed, number = _seed, _fresh_draws
        _fresh_draws += 1
    return key_for("fresh", seed=seed, step=number)


def checked_seed(seed: Any) -> int:
    """`seed` as an int.

    Raises:
        ArgumentError: if it is not an integer from -2^63 to 2^64 - 1.
    """
    try:
        number = None if isinstance(seed, bool | np.bool_) else operator.index(seed)
    except TypeError:
        number = None
    if number is None or not -(1 << 63) <= number < 1 << 64:
        raise ArgumentError(f"A seed must be an integer from -2**63 to 2**64 - 1, got {seed!r}.")
    return number


class SeedGenerator:
    """A source of keys for draws that differ from call to call: key i is fold_in(key(seed), i).

    Arguments:
        seed: An integer; by default one derived from the seed of the process.
        name: For messages and paths.

    Raises:
        ArgumentError: if the seed is not an integer from -2^63 to 2^64 - 1.

    Example:
        >>> generator = SeedGenerator(1337)
        >>> bool((generator.next() == generator.next()).all())
        False
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        if kwargs:
            raise unknown_name("argument of SeedGenerator", next(iter(kwargs)), ["seed", "name"])
        self._initial_seed = None if seed is None else checked_seed(seed)
        self.seed = int(fresh_key()[0]) if self._initial_seed is None else self._initial_seed
        self.name = name or "seed_generator"
        self._lock = threading.Lock()
        self._count = 0

    def next(self, ordered: bool = True) -> np.ndarray:
        """The next key.

        Arguments:
            ordered: For Keras's signature; keys are always in order.

        Returns:
            uint32[2].
        """
        with self._lock:
            number = self._count
            self._count += 1
        return fold_in(key_from_seed(self.seed), number)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The generator that a configuration describes."""
        return cls(**config)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())
