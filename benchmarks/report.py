"""Ratios to native code, the table, and the JSON record."""

from collections.abc import Callable
from typing import Any

from measure import Result
from rich.box import SIMPLE_HEAD
from rich.table import Table
from workloads import Workload

PHASES = ("train", "predict")
_Cells = Callable[[dict[str, Any], str], list[str]]


def baselines(results: list[Result], phase: str) -> dict[str, float]:
    """The step cost of the fastest native code of each framework, in CPU milliseconds."""
    best: dict[str, float] = {}
    for result in results:
        figures = result.summary(phase)
        if figures and result.spec.baseline and not result.failures:
            framework = result.spec.framework
            best[framework] = min(figures["step_ms"], best.get(framework, float("inf")))
    return best


def record(workload: Workload, results: list[Result]) -> list[dict[str, Any]]:
    """One JSON-ready entry for each peer."""
    entries = []
    for result in results:
        entry = {
            "workload": workload.name,
            "peer": result.spec.name,
            "framework": result.spec.framework,
            "failures": result.failures,
            **{key: result.ready.get(key) for key in ("versions", "parameters", "first_train_s", "first_predict_s")},
            "losses": [result.ready.get("first_loss"), *result.losses],
        }
        for phase in PHASES:
            figures = result.summary(phase)
            if figures:
                native = baselines(results, phase).get(result.spec.framework)
                figures["ratio_to_native"] = figures["step_ms"] / native if native else None
                entry[phase] = {"cpu": figures, "wall": result.summary(phase, "wall")}
        entries.append(entry)
    return entries


def step_table(workload: Workload, entries: list[dict[str, Any]]) -> Table:
    """CPU milliseconds per step of one workload, against the native code of the same framework."""
    title = f"{workload.name}: {workload.title} ({workload.parameters:,} parameters)"
    return _table(title, ("cpu ms", "/native", "spread"), entries, _step_cells)


def once_table(entries: list[dict[str, Any]]) -> Table:
    """Wall milliseconds per step; fixed CPU cost of a call of `fit` or `predict`; CPU cost of the first one."""
    return _table("Wall time per step, and CPU time paid once", ("wall ms", "call ms", "first s"), entries, _once_cells)


def _table(title: str, headings: tuple[str, ...], entries: list[dict[str, Any]], cells: _Cells) -> Table:
    view = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    view.add_column("\npeer", no_wrap=True)
    for phase in PHASES:
        for heading in headings:
            view.add_column(f"{phase}\n{heading}", justify="right", no_wrap=True)
    for entry in entries:
        row = [cell for phase in PHASES for cell in (cells(entry, phase) if phase in entry else ["-"] * len(headings))]
        view.add_row(entry["peer"], *row, style="red" if entry["failures"] else None)
    return view


def _step_cells(entry: dict[str, Any], phase: str) -> list[str]:
    cpu = entry[phase]["cpu"]
    ratio = cpu["ratio_to_native"]
    return [f"{cpu['step_ms']:.3g}", f"{ratio:.2f}" if ratio else "-", f"{100 * cpu['spread']:.0f} %"]


def _once_cells(entry: dict[str, Any], phase: str) -> list[str]:
    cpu, wall = entry[phase]["cpu"], entry[phase]["wall"]
    return [f"{wall['step_ms']:.3g}", f"{cpu['call_ms']:.1f}", f"{entry[f'first_{phase}_s']:.2f}"]
