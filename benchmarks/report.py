"""The record of a run, as JSON, and the tables that are shown while it runs."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from measure import CLOCKS, Result
from rich.box import SIMPLE_HEAD
from rich.table import Table
from workloads import Workload

# Counts the changes that a reader of older records would trip over.
SCHEMA = 2
PHASES = ("train", "predict")
_READY = ("versions", "parameters", "import_s", "build_s", "tune_s", "first_train_s", "first_predict_s")
_Cells = Callable[[dict[str, Any], str], list[str]]


def workload_record(workload: Workload, results: Sequence[Result], operations: dict[str, Any]) -> dict[str, Any]:
    """What was measured of one workload, JSON-ready: every round's numbers, and no figure that others follow from."""
    return {
        "name": workload.name,
        "title": workload.title,
        "batch": workload.batch,
        "parameters": workload.parameters,
        "operations": operations,
        "entries": [_entry(result) for result in results],
    }


def _entry(result: Result) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "peer": result.spec.name,
        "framework": result.spec.framework,
        "baseline": result.spec.baseline,
        "failures": result.failures,
        **{key: result.ready.get(key) for key in _READY},
        "peak_mib": result.peak_mib,
        "losses": [result.ready.get("first_loss"), *result.losses],
    }
    for phase in PHASES:
        figures = {clock: result.summary(phase, clock) for clock in CLOCKS}
        if figures["cpu"]:
            entry[phase] = figures
    return entry


def write(record: dict[str, Any], path: Path) -> None:
    """Writes a record, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(record, indent=1) + "\n")
    os.replace(partial, path)


def short(value: float) -> str:
    """A number with three digits, or all of those before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def native(measured: dict[str, Any], framework: str, phase: str) -> dict[str, Any] | None:
    """The entry of the fastest idiomatic code in one framework; None where there is none that passed its checks."""
    entries = [
        entry
        for entry in measured["entries"]
        if entry["baseline"] and entry["framework"] == framework and phase in entry and not entry["failures"]
    ]
    return min(entries, key=lambda entry: entry[phase]["cpu"]["step_ms"], default=None)


def step_table(measured: dict[str, Any]) -> Table:
    """CPU milliseconds per step of one workload, against the native code of the same framework."""

    def cells(entry: dict[str, Any], phase: str) -> list[str]:
        cpu, base = entry[phase]["cpu"], native(measured, entry["framework"], phase)
        ratio = f"{cpu['step_ms'] / base[phase]['cpu']['step_ms']:.2f}" if base else "-"
        return [short(cpu["step_ms"]), ratio, f"{100 * cpu['spread']:.0f} %"]

    title = f"{measured['name']}: {measured['title']} ({measured['parameters']:,} parameters)"
    return _table(title, ("cpu ms", "/native", "spread"), measured, cells)


def once_table(measured: dict[str, Any]) -> Table:
    """Wall milliseconds per step; fixed CPU cost of a call of `fit` or `predict`; CPU cost of the first one."""

    def cells(entry: dict[str, Any], phase: str) -> list[str]:
        cpu, wall = entry[phase]["cpu"], entry[phase]["wall"]
        return [short(wall["step_ms"]), f"{cpu['call_ms']:.1f}", f"{entry[f'first_{phase}_s']:.2f}"]

    extra = {"peak\nMiB": "peak_mib"}
    return _table("Wall time, CPU time paid once, memory", ("wall ms", "call ms", "first s"), measured, cells, extra)


def _table(
    title: str, headings: Sequence[str], measured: dict[str, Any], cells: _Cells, extra: dict[str, str] | None = None
) -> Table:
    extra = extra or {}
    view = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    view.add_column("\npeer", no_wrap=True)
    for heading in [*(f"{phase}\n{heading}" for phase in PHASES for heading in headings), *extra]:
        view.add_column(heading, justify="right", no_wrap=True)
    for entry in measured["entries"]:
        row = [cell for phase in PHASES for cell in (cells(entry, phase) if phase in entry else ["-"] * len(headings))]
        numbers = ["-" if entry[key] is None else short(entry[key]) for key in extra.values()]
        view.add_row(entry["peer"], *row, *numbers, style="red" if entry["failures"] else None)
    return view
