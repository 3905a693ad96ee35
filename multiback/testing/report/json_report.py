"""The report as JSON: schema `multiback-conformance/1`, from which all other forms are made."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import multiback
from multiback.backends.protocol import Adapter
from multiback.errors import ArgumentError
from multiback.testing.collection import SUITE_VERSION
from multiback.testing.environment import describe_adapter, environment
from multiback.testing.judge import Worst
from multiback.testing.records import STATUSES, Result, Row, margin

SCHEMA = "multiback-conformance/1"
Record = dict[str, Any]
Report = dict[str, Any]


def record(result: Result) -> Record:
    """One result in plain values: its figures over all rows, and the rows that failed or else the worst one."""
    verdicts = [row.verdict for row in result.rows]
    worst = result.worst
    shown = [row for row in result.rows if not row.verdict.passed] or ([worst] if worst else [])
    deviation = result.deviation
    return {
        "id": result.check.id,
        "kind": result.check.kind,
        "subject": result.check.subject,
        "case": result.check.case,
        "dtype": result.check.dtype,
        "path": result.check.path,
        "backend": result.backend,
        "status": result.status,
        "acceptable": bool(result.acceptable),
        "seconds": round(result.seconds, 4),
        "c": _number(worst.verdict.measured) if worst else None,
        "bound": _number(worst.verdict.bound) if worst else None,
        "margin": _number(margin(worst.verdict)) if worst else None,
        "ulp_max": _number(max((v.ulp_max for v in verdicts), default=0.0)),
        "ulp_p99": _number(max((v.ulp_p99 for v in verdicts), default=0.0)),
        "relative_norm": _number(max((v.relative_norm for v in verdicts), default=0.0)),
        "message": result.message,
        "rows": [_row(row) for row in shown],
        "deviation": {"reason": deviation.reason, "link": deviation.link} if deviation else None,
    }


def build(
    records: Sequence[Record],
    adapters: Iterable[Adapter],
    selection: Mapping[str, Any],
    uncovered: Mapping[str, Sequence[str]] | None = None,
    stale: Mapping[str, Sequence[str]] | None = None,
) -> Report:
    """The report of a run.

    Arguments:
        records: Of all results.
        adapters: That were judged.
        selection: What was asked for, as the command line gave it.
        uncovered: Registered names without a check, by chapter; for a whole run.
        stale: Entries of deviations.toml that match nothing, by backend; for a whole run.
    """
    backends = {}
    for adapter in adapters:
        own = [r for r in records if r["backend"] == adapter.name]
        counts = Counter(r["status"] for r in own)
        summary: dict[str, Any] = {status: counts[status] for status in STATUSES}
        seconds = round(sum(r["seconds"] for r in own), 2)
        acceptable = sum(r["acceptable"] for r in own)
        backends[adapter.name] = {
            **describe_adapter(adapter),
            "summary": summary | {"acceptable": acceptable, "total": len(own), "seconds": seconds},
        }
    ids = {r["id"]: r["kind"] for r in records}
    return {
        "schema": SCHEMA,
        "suite": {
            "version": SUITE_VERSION,
            "multiback": multiback.__version__,
            "checks": len(ids),
            "kinds": dict(sorted(Counter(ids.values()).items())),
            "selection": dict(selection),
            "uncovered": dict(uncovered or {}),
            "stale": dict(stale or {}),
        },
        "environment": environment(),
        "backends": backends,
        "results": list(records),
    }


def read(path: str | Path) -> Report:
    """A report from a file.

    Raises:
        ArgumentError: if the file is not such a report.
    """
    try:
        report = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise ArgumentError(f"{path} is not a conformance report: {error}.") from error
    if not isinstance(report, dict) or report.get("schema") != SCHEMA:
        raise ArgumentError(f"{path} is not a conformance report: its schema is not {SCHEMA!r}.")
    return report


def write(report: Report, path: str | Path) -> None:
    """Writes the report as JSON."""
    Path(path).write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")


def _row(row: Row) -> Record:
    verdict = row.verdict
    return {
        "what": row.what,
        "passed": bool(verdict.passed),
        "c": _number(verdict.measured),
        "bound": _number(verdict.bound),
        "ulp_max": _number(verdict.ulp_max),
        "ulp_p99": _number(verdict.ulp_p99),
        "relative_norm": _number(verdict.relative_norm),
        "worst": _worst(verdict.worst, row.inputs) if verdict.worst else None,
        "text": verdict.text,
    }


def _worst(worst: Worst, inputs: Mapping[str, np.ndarray]) -> Record:
    return {
        "index": list(worst.index),
        "got": _plain(worst.got),
        "want": _plain(worst.want),
        "inputs": {name: _operand(array, worst.index) for name, array in inputs.items()},
    }


def _operand(array: np.ndarray, index: tuple[int, ...]) -> Any:
    """The element that broadcasting would pair with an index; else the array's shape and range."""
    if array.ndim <= len(index):
        aligned = index[len(index) - array.ndim :]
        if all(n == 1 or i < n for i, n in zip(aligned, array.shape)):
            return _plain(array[tuple(0 if n == 1 else i for i, n in zip(aligned, array.shape))])
    if array.size == 0:
        return f"shape {array.shape}"
    return f"shape {array.shape}, from {_plain(array.min())} to {_plain(array.max())}"


def _plain(value: Any) -> Any:
    """A number as JSON holds it; text for those that JSON cannot."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if np.issubdtype(np.asarray(value).dtype, np.integer):
        return int(value)
    number = float(value)
    return number if np.isfinite(number) else str(number)


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None
