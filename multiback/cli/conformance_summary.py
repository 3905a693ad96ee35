"""What `multiback conformance` shows while it runs and at its end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

_SHOWN = 40


class Progress:
    """A bar, with each unacceptable result printed above it as it comes."""

    def __init__(self, total: int) -> None:
        self._console = Console()
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task("checks", total=total)
        self._bad = 0

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._bar.stop()

    def show(self, record: dict[str, Any]) -> None:
        """Counts one result, and prints it if it is not acceptable."""
        self._bar.advance(self._task)
        if record["acceptable"]:
            return
        self._bad += 1
        if self._bad == _SHOWN + 1:
            self._console.print("... more; the summary counts them, a report lists them", style="dim")
        if self._bad <= _SHOWN:
            name, where = record["status"].replace("_", " ").upper(), record["backend"]
            self._console.print(f"[red]{name}[/red] {record['id']} on {where}", highlight=False)
            self._console.print(record["message"][:600], style="dim", highlight=False, markup=False)


def show_summary(report: dict[str, Any]) -> None:
    """Prints passes by chapter and backend, and what keeps the run from being green."""
    console = Console()
    backends = report["backends"]
    table = Table(title=f"multiback conformance suite {report['suite']['version']}", title_justify="left")
    table.add_column("")
    for name, backend in backends.items():
        table.add_column(f"{name} {backend['version']}", justify="right")
    for kind in report["suite"]["kinds"]:
        table.add_row(kind, *(_cell(report, name, kind) for name in backends))
    table.add_section()
    table.add_row("all", *(_cell(report, name, None) for name in backends), style="bold")
    for status, label in (("deviation", "declared deviations"), ("unsupported", "unsupported")):
        counts = [backends[name]["summary"][status] for name in backends]
        if any(counts):
            table.add_row(label, *map(str, counts))
    table.add_row("seconds", *(f"{backends[name]['summary']['seconds']:.0f}" for name in backends), style="dim")
    console.print(table)
    for kind, names in report["suite"]["uncovered"].items():
        console.print(f"[red]No check is about these {kind}:[/red] {', '.join(names)}")
    for name, entries in report["suite"]["stale"].items():
        console.print(f"[red]Entries of {name}'s deviations.toml match no check:[/red] {', '.join(entries)}")


def show_changes(earlier: dict[str, Any], report: dict[str, Any]) -> None:
    """Prints how statuses changed since an earlier report."""
    before = {(r["backend"], r["id"]): r["status"] for r in earlier["results"]}
    changes: Counter[tuple[str, str, str]] = Counter()
    for r in report["results"]:
        old = before.get((r["backend"], r["id"]), "absent")
        if old != r["status"]:
            changes[(r["backend"], old, r["status"])] += 1
    console = Console()
    if earlier["suite"]["version"] != report["suite"]["version"]:
        console.print(f"The suite's version differs ({earlier['suite']['version']}): scores are not comparable.")
    if not changes:
        console.print("No status changed since the earlier run.")
    for (backend, old, new), count in sorted(changes.items()):
        console.print(f"{backend}: {count} from {old} to {new}")


def _cell(report: dict[str, Any], backend: str, kind: str | None) -> str:
    own = [r for r in report["results"] if r["backend"] == backend and kind in (None, r["kind"])]
    passed = sum(r["status"] == "passed" for r in own)
    colour = "green" if all(r["acceptable"] for r in own) else "red"
    return f"[{colour}]{passed} of {len(own)}[/{colour}]"
