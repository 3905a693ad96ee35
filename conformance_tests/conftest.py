"""The environment of the whole suite; its fixtures are those of `multiback.testing.plugin`."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("KERAS_BACKEND", "jax")
# What a machine measured must not decide what is tested: the suite runs every way by name.
os.environ["MULTIBACK_CACHE"] = ""
os.environ["MULTIBACK_TUNING"] = "off"

import pytest

import multiback as mb

BACKENDS = ("numpy", "torch", "jax", "tensorflow")


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same seed and the same automatic names for every test."""
    mb.random.set_seed(0)
