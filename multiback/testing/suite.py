"""The suite as tests: `pytest -p multiback.testing.plugin --pyargs multiback.testing.suite --backend torch`."""

from __future__ import annotations

import contextlib

import pytest

from multiback.backends.protocol import Adapter
from multiback.testing.collection import all_checks, uncovered
from multiback.testing.deviations import stale
from multiback.testing.divergences import checks_of, divergences
from multiback.testing.records import Check
from multiback.testing.runner import run_check


def test_conformance(check: Check, adapter: Adapter, pytestconfig: pytest.Config) -> None:
    """Each check on each backend: passed, or failing as the adapter's deviations.toml declares."""
    device = pytestconfig.getoption("--device")
    with adapter.on_device(device) if device else contextlib.nullcontext():
        result = run_check(check, adapter)
    assert result.acceptable, f"{result.status}: {check.id} on {adapter.name}\n{result.message}"


def test_nothing_is_uncovered() -> None:
    """Each registered op, layer, loss... has a check."""
    assert uncovered() == {}


def test_ids_are_unique() -> None:
    """Deviations refer to checks by id."""
    ids = [check.id for check in all_checks()]
    assert len(ids) == len(set(ids)), sorted(i for i in set(ids) if ids.count(i) > 1)


def test_no_deviation_is_stale(adapter: Adapter) -> None:
    """Each entry of deviations.toml matches a check."""
    assert stale(adapter, [check.id for check in all_checks()]) == []


def test_each_divergence_is_pinned() -> None:
    """Each known divergence has a check, or says why it has none."""
    assert [d.number for d in divergences() if bool(checks_of(d.number)) == bool(d.unchecked)] == []
