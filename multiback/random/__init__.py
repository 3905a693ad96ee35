"""Random numbers: one seed, and the same bits on every backend.

The draws of Keras's names are made by `multiback.ops`; they are imported when first used, since initial weights
need only the seed.
"""

from __future__ import annotations

import importlib
from typing import Any

from multiback.random._seed import get_seed, set_seed

_DRAWS = ("categorical", "dropout", "normal", "randint", "shuffle", "truncated_normal", "uniform")

__all__ = ["SeedGenerator", "get_seed", "set_seed", *_DRAWS]


def __getattr__(name: str) -> Any:
    if name == "SeedGenerator":
        return importlib.import_module("multiback.random.seed_generator").SeedGenerator
    if name in _DRAWS:
        return getattr(importlib.import_module("multiback.random.draws"), name)
    raise AttributeError(f"module 'multiback.random' has no attribute {name!r}")
