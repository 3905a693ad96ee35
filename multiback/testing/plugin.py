"""The pytest plugin: `pytest -p multiback.testing.plugin --backend torch`.

It gives the fixtures `backend` and `adapter`, which run a test on each chosen backend; `check`, which runs it on each
check of the suite that concerns the backend; and the options --backend, --only, --dtype, --device, --seed, --thorough.
The ini option `multiback_backends` names the backends that must be there; without it, all installed ones are chosen.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

import multiback as mb
from multiback.backends.protocol import Adapter
from multiback.backends.registry import available_backends, get_adapter
from multiback.testing.settings import SEED


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("multiback")
    group.addoption("--backend", action="append", help="only this backend; may be repeated")
    group.addoption("--only", default="", help="chapters, subjects or patterns of check ids, comma separated")
    group.addoption("--dtype", default="", help="only checks in these dtypes, comma separated")
    group.addoption("--device", help="where to run, such as cuda:0; one that the backend lists")
    group.addoption("--seed", type=int, default=0, help="of the drawn operands")
    group.addoption("--thorough", action="store_true", help="also long sweeps and large property-based draws")
    parser.addini("multiback_backends", "backends that must be there (default: all installed)", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "thorough: a long sweep, run with --thorough only")
    SEED.set(config.getoption("--seed"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    config = metafunc.config
    if "check" in metafunc.fixturenames:
        pairs = [
            pytest.param(name, check, id=f"{check.id}-{name}")
            for name in _backends(config)
            for check in _selected(config)
            if check.concerns(load(name))
        ]
        metafunc.parametrize(("backend", "check"), pairs, indirect=["backend"])
    elif "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", _backends(config), indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--thorough"):
        return
    long = [item for item in items if item.get_closest_marker("thorough")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in set(long)]


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a backend, selected for the test."""
    load(request.param)
    with mb.use_backend(request.param):
        yield request.param


@pytest.fixture
def adapter(backend: str) -> Adapter:
    """The adapter of the selected backend."""
    return get_adapter(backend)


def load(name: str) -> Adapter:
    """The adapter; warnings that a framework gives while it is imported are not the suite's to fail on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return get_adapter(name)


def _backends(config: pytest.Config) -> list[str]:
    return config.getoption("--backend") or config.getini("multiback_backends") or available_backends()


def _selected(config: pytest.Config) -> list:
    from multiback.testing.collection import select

    only, dtypes = (tuple(filter(None, config.getoption(o).split(","))) for o in ("--only", "--dtype"))
    return list(select(only, dtypes, config.getoption("--thorough")))
