"""Fixtures of the whole suite: each test runs on every backend that it concerns; a missing backend is an error."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("KERAS_BACKEND", "jax")

import pytest

import multiback as mb
from multiback.backends.protocol import Adapter
from multiback.backends.registry import get_adapter

BACKENDS = ("numpy", "torch", "jax", "tensorflow")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--backend", action="append", choices=BACKENDS, help="only this backend; may be repeated")
    parser.addoption("--thorough", action="store_true", help="long sweeps and large property-based draws")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--backend") or BACKENDS
        metafunc.parametrize("backend", chosen, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--thorough"):
        return
    kept = [item for item in items if item.get_closest_marker("thorough") is None]
    config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("thorough")])
    items[:] = kept


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "thorough: a long sweep, run by `make test-full` only")


def loaded(name: str) -> Adapter:
    """The adapter; warnings that a framework gives while it is imported are not ours to fail on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return get_adapter(name)


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a backend, selected for the test."""
    loaded(request.param)
    with mb.use_backend(request.param):
        yield request.param


@pytest.fixture
def adapter(backend: str) -> Adapter:
    """The adapter of the selected backend."""
    return get_adapter(backend)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same seed and the same automatic names for every test."""
    mb.random.set_seed(0)
