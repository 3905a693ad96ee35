"""Random numbers: one seed, and the same bits on every backend."""

from multiback.random._seed import SeedGenerator, set_seed

__all__ = ["SeedGenerator", "set_seed"]
