"""A source of keys whose count is state: it travels with a model, and goes on inside a compiled graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from multiback import ops
from multiback.graph.trace import current_builder
from multiback.random import _seed
from multiback.random._threefry import key_from_seed
from multiback.variables import Variable


class SeedGenerator(_seed.SeedGenerator):
    """A source of keys for draws that differ from call to call.

    Inside a graph, key i is `ops.fold_in(key(seed), i)` and the count i is a Variable, so that a compiled step draws
    new numbers each time, on every backend the same.

    Arguments:
        seed: An integer; by default one derived from the seed of the process.
        name: For messages and paths.

    Raises:
        ArgumentError: if the seed is not an integer from -2^63 to 2^64 - 1.

    Example:
        >>> generator = SeedGenerator(1337)
        >>> multiback.random.normal((2, 3), seed=generator).shape
        (2, 3)
    """

    __multiback_stateful__ = True

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(seed, name, **kwargs)
        self.state = Variable(
            np.zeros((), np.int32), dtype="int32", trainable=False, name="state", path=f"{self.name}/state"
        )

    @property
    def variables(self) -> list[Variable]:
        """The count of draws made in graphs."""
        return [self.state]

    def next(self, ordered: bool = True) -> Any:
        """The next key: int32[2] inside a graph, uint32[2] from Threefry outside."""
        return self.key() if current_builder() is not None else super().next(ordered)

    def key(self) -> Any:
        """The next key for a draw by `multiback.ops`: int32[2]."""
        base = np.asarray(key_from_seed(self.seed), np.uint32).view(np.int32)
        key = ops.fold_in(base, self.state)
        self.state.assign(ops.add(self.state, 1))
        return key
