"""Runs checks on a backend and says how each ended."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterable, Iterator

import multiback as mb
from multiback.backends.protocol import Adapter
from multiback.errors import UnsupportedOperation
from multiback.testing.deviations import NEEDS, Deviation, declared
from multiback.testing.records import Check, Result, Row, Status

LONGEST_MESSAGE = 2000


def run_checks(checks: Iterable[Check], adapter: Adapter, device: str | None = None) -> Iterator[Result]:
    """Runs those of the checks that concern an adapter, one after the other.

    Arguments:
        checks: What is run.
        adapter: Where.
        device: One of its `devices()`; None for its default.
    """
    with adapter.on_device(device) if device else contextlib.nullcontext():
        for check in checks:
            if check.concerns(adapter):
                yield run_check(check, adapter)


def run_check(check: Check, adapter: Adapter) -> Result:
    """Runs one check: every row within its bound is a pass; a declared deviation must fail."""
    rows: list[Row] = []
    failure: Exception | None = None
    started = time.perf_counter()
    with mb.use_backend(adapter.name), warnings.catch_warnings():
        warnings.simplefilter("error")
        mb.random.set_seed(0)
        try:
            rows.extend(check.run(adapter))
        except Exception as error:
            failure = error
    seconds = time.perf_counter() - started
    deviation = declared(adapter, check.id)
    status, message = _status(rows, failure)
    if status == "unsupported":
        assert isinstance(failure, UnsupportedOperation)
        deviation = declared(adapter, NEEDS + failure.need) or deviation
    elif deviation is not None:
        status, message = _as_declared(status, message, deviation)
    return Result(check, adapter.name, status, tuple(rows), seconds, message[:LONGEST_MESSAGE], deviation)


def _status(rows: list[Row], failure: Exception | None) -> tuple[Status, str]:
    if isinstance(failure, UnsupportedOperation):
        return "unsupported", str(failure)
    if failure is not None:
        return "error", f"{type(failure).__name__}: {failure}"
    if not rows:
        return "error", "The check compared nothing."
    failed = [f"{row.what}: {row.verdict.text}" for row in rows if not row.verdict.passed]
    return ("failed", "\n".join(failed)) if failed else ("passed", "")


def _as_declared(status: Status, message: str, deviation: Deviation) -> tuple[Status, str]:
    if status == "passed":
        return "unexpected_pass", f"Declared as a deviation, but it passes. Remove the entry: {deviation.reason}"
    return "deviation", message
