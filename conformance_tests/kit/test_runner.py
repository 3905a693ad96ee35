"""The runner: how a check ends, and deviations that are strict both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from multiback import dtypes
from multiback.backends.protocol import Adapter
from multiback.backends.registry import get_adapter
from multiback.errors import AdapterError, ArgumentError, UnsupportedOperation
from multiback.testing import collection, deviations, runner
from multiback.testing.deviations import Deviation
from multiback.testing.judge import judge
from multiback.testing.records import Check, Row, holds

REASON = Deviation("Its kernel rounds twice.", "https://example.org/issue/1")


def good(adapter: Adapter) -> Iterator[Row]:
    yield holds("one", True, "")


def bad(adapter: Adapter) -> Iterator[Row]:
    yield holds("one", True, "")
    yield Row("two", judge(np.zeros(2, "float32"), np.ones(2), dtypes.float32, c=8.0))


def broken(adapter: Adapter) -> Iterator[Row]:
    yield holds("one", True, "")
    raise RuntimeError("the kernel is on strike")


def empty(adapter: Adapter) -> Iterator[Row]:
    return iter(())


def lacking(adapter: Adapter) -> Iterator[Row]:
    raise UnsupportedOperation("no lowering of 'conv'", backend=adapter.name, need="conv")


def result(run: Any, monkeypatch: pytest.MonkeyPatch, entries: dict[str, Deviation] | None = None) -> Any:
    monkeypatch.setattr(deviations, "deviations", lambda adapter: entries or {})
    return runner.run_check(Check("ops", "sum", "rows [2, 3]", "float32", run), get_adapter("numpy"))


@pytest.mark.parametrize(
    ("run", "status", "message"),
    [
        (good, "passed", ""),
        (bad, "failed", "two: got np.float32(0.0), reference np.float64(1.0) at [0]"),
        (broken, "error", "RuntimeError: the kernel is on strike"),
        (empty, "error", "The check compared nothing."),
        (lacking, "unsupported", "no lowering of 'conv'"),
    ],
)
def test_statuses(run: Any, status: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = result(run, monkeypatch)
    assert found.status == status
    assert found.message.startswith(message)
    assert found.acceptable is (status == "passed")


@pytest.mark.parametrize("pattern", ["ops/sum/rows [2, 3]/float32", "ops/sum/*", "*/float32"])
@pytest.mark.parametrize("run", [bad, broken])
def test_a_declared_deviation_is_acceptable(run: Any, pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = result(run, monkeypatch, {pattern: REASON})
    assert found.status == "deviation"
    assert found.acceptable
    assert found.deviation == REASON


def test_a_declared_deviation_that_passes_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    found = result(good, monkeypatch, {"ops/sum/*": REASON})
    assert found.status == "unexpected_pass"
    assert not found.acceptable


def test_what_an_adapter_lacks_is_acceptable_only_if_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    assert result(lacking, monkeypatch, {"needs/conv": REASON}).acceptable
    assert not result(lacking, monkeypatch, {"needs/matmul": REASON}).acceptable


def test_stale_entries_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {"ops/sum/*": REASON, "ops/gone/*": REASON, "needs/conv": REASON}
    monkeypatch.setattr(deviations, "deviations", lambda adapter: entries)
    assert deviations.stale(get_adapter("numpy"), ["ops/sum/rows/float32"]) == ["ops/gone/*", "needs/conv"]


@pytest.mark.parametrize("text", ['["ops/a"]\nreason = "x"\n', '["ops/a"]\nlink = "x"\n'])
def test_an_entry_needs_a_reason_and_a_link(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "deviations.toml").write_text(text)
    monkeypatch.setattr(deviations.importlib.resources, "files", lambda package: tmp_path)
    with pytest.raises(AdapterError, match="'ops/a' needs exactly a reason and a link"):
        deviations.deviations.__wrapped__(get_adapter("numpy"))


def test_checks_are_chosen_by_chapter_subject_or_pattern() -> None:
    assert {c.subject for c in collection.select(["LSTM"])} == {"lstm", "LSTM"}
    assert {c.kind for c in collection.select(["losses"])} == {"losses"}
    assert {c.dtype for c in collection.select(["matmul"], ["bfloat16"])} == {"bfloat16"}
    assert all(c.id.startswith("ops/conv/") for c in collection.select(["ops/conv/*"]))
    short, long = (sum(1 for _ in collection.select(["ops"], thorough=t)) for t in (False, True))
    assert short < long


def test_an_unknown_subject_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"No check is about 'sofmax'\. Did you mean 'softmax'"):
        list(collection.select(["sofmax"]))
