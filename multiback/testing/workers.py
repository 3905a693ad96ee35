"""Spreads checks over processes; each result comes back as a plain record."""

from __future__ import annotations

import importlib
import itertools
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from multiback.backends import registry
from multiback.backends.protocol import Plugin
from multiback.errors import ArgumentError
from multiback.testing.collection import checks_by_id, compiled_together
from multiback.testing.report.json_report import Record, record
from multiback.testing.runner import run_checks
from multiback.testing.settings import SEED

CHUNK = 24
"""Checks per task: few enough to share the work evenly, enough that neighbours share what they compile."""


def run_all(
    work: Mapping[str, Sequence[str]], workers: int, package: str | None, device: str | None, seed: int
) -> Iterator[Record]:
    """Runs checks by id and yields their records as they end.

    Arguments:
        work: Ids of checks by backend.
        workers: Number of processes; with one, or little work, all is done in this process.
        package: Of an adapter to register first, or None.
        device: Where each backend runs; None for its default.
        seed: Of the drawn operands.
    """
    tasks = [(package, backend, chunk, device, seed) for backend, ids in work.items() for chunk in _chunks(ids)]
    if workers <= 1 or len(tasks) <= workers:
        for task in tasks:
            yield from _records(*task)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start) as pool:
        for done in as_completed([pool.submit(_list, *task) for task in tasks]):
            yield from done.result()


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for kind, group in itertools.groupby(ids, lambda name: name.partition("/")[0]):
        chapter = list(group)
        size = len(chapter) if compiled_together(kind) else CHUNK
        yield from (chapter[i : i + size] for i in range(0, len(chapter), size))


def register_adapter(package: str) -> Plugin:
    """Registers the plugin that a package holds under the name `adapter`.

    Raises:
        ArgumentError: if the package cannot be imported or holds none.
    """
    try:
        plugin = getattr(importlib.import_module(package), "adapter", None)
    except ImportError as error:
        raise ArgumentError(f"The adapter package {package!r} cannot be imported: {error}.") from error
    if not isinstance(plugin, Plugin):
        raise ArgumentError(f"The package {package!r} holds no Plugin under the name 'adapter'.")
    if registry.plugins().get(plugin.name) != plugin:
        registry.register(plugin)
    return plugin


def _start() -> None:
    """Workers share the cores: one thread each, unless the user says otherwise."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def _list(*task: object) -> list[Record]:
    return list(_records(*task))  # type: ignore[arg-type]


def _records(package: str | None, backend: str, ids: Sequence[str], device: str | None, seed: int) -> Iterator[Record]:
    if package:
        register_adapter(package)
    token = SEED.set(seed)
    try:
        for result in run_checks(map(checks_by_id().__getitem__, ids), registry.get_adapter(backend), device):
            yield record(result)
    finally:
        SEED.reset(token)
