"""What the verification of a port found: a table to print, plain values, a page."""

from __future__ import annotations

import io
import json
import math
import os
from dataclasses import dataclass, field
from typing import Any

from multiback.errors import PortError
from multiback.saving.atomic import write_file
from multiback.testing.judge import Verdict

QUANTITIES = (
    "forward",
    "forward, another batch size",
    "gradients",
    "weights after an SGD step",
    "forward, training",
    "statistics after a training step",
)


@dataclass(frozen=True)
class Row:
    """One array of the port against the original's.

    Attributes:
        backend: Where the port ran.
        quantity: One of `QUANTITIES`.
        name: Which output, or which weight.
        precision: What both computed in: float64, or the model's own precision.
        verdict: How far it is, and how far it may be.
    """

    backend: str
    quantity: str
    name: str
    precision: str
    verdict: Verdict


@dataclass
class PortReport:
    """How far a port is from its original.

    Attributes:
        model: The model's name.
        source, target: Where it came from, where it went.
        verified: Whether anything was compared; False after `verify=False`.
        rows: Every comparison.
        notes: What was not compared and why, and what else a person should know.
        faults: Where the port first departs from the original, when it does.
        weights: How many arrays, and how many numbers in them.
        operations: How often each op occurs in the port.
        seconds: Wall time of each part of the port.
    """

    model: str
    source: str
    target: str
    verified: bool = False
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    weights: tuple[int, int] = (0, 0)
    operations: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether something was compared and everything agrees."""
        return bool(self.rows) and not self.failed

    @property
    def failed(self) -> list[Row]:
        """The comparisons that are out of their bounds."""
        return [row for row in self.rows if not row.verdict.passed]

    def raise_if_failed(self) -> None:
        """Raises PortError, with this report as its text, if something does not agree or nothing was compared."""
        if not self.passed:
            what = "does not compute what its original does" if self.rows else "was not verified"
            raise PortError(f"The port of model {self.model!r} {what}.\n{self}")

    def summary(self) -> list[tuple[str, str, int, int, Row]]:
        """Backend, quantity, number of arrays, how many failed, and the worst row, for each quantity."""
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            groups.setdefault((row.backend, row.quantity), []).append(row)
        return [
            (backend, quantity, len(rows), sum(not r.verdict.passed for r in rows), max(rows, key=_distance))
            for (backend, quantity), rows in groups.items()
        ]

    def __str__(self) -> str:
        from rich.console import Console
        from rich.table import Table

        table = Table(title=f"Port of {self.model}: {self.source} to {self.target}", title_justify="left")
        for heading in ("backend", "quantity", "arrays", "precision", "worst", "of", ""):
            table.add_column(heading, justify="right" if heading in ("arrays", "worst", "of") else "left")
        for backend, quantity, count, failed, worst in self.summary():
            mark = f"{failed} FAILED" if failed else "ok"
            table.add_row(
                backend, quantity, str(count), worst.precision, _number(worst.verdict.measured),
                _number(worst.verdict.bound), mark,
            )  # fmt: skip
        text = io.StringIO()
        console = Console(file=text, width=110)
        if self.rows:
            console.print(table)
        lines = [] if self.rows else [f"Port of {self.model}: {self.source} to {self.target}: not verified."]
        lines += [f"{row.quantity}, {row.name}: {row.verdict.text}" for row in self.failed[:6]]
        lines += [f"... and {len(self.failed) - 6} more" for _ in self.failed[6:7]]
        lines += [f"fault: {fault}" for fault in self.faults]
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join([text.getvalue().rstrip(), *lines]).strip()

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values; the schema is `multiback-port/1`."""
        return {
            "schema": "multiback-port/1",
            "model": self.model,
            "source": self.source,
            "target": self.target,
            "verified": self.verified,
            "passed": self.passed,
            "weights": {"arrays": self.weights[0], "numbers": self.weights[1]},
            "operations": self.operations,
            "seconds": {k: round(v, 3) for k, v in self.seconds.items()},
            "comparisons": [
                {
                    "backend": row.backend,
                    "quantity": row.quantity,
                    "name": row.name,
                    "precision": row.precision,
                    "passed": row.verdict.passed,
                    "measured": _plain(row.verdict.measured),
                    "bound": _plain(row.verdict.bound),
                    "relative_norm": _plain(row.verdict.relative_norm),
                    "text": row.verdict.text,
                }
                for row in self.rows
            ],
            "faults": self.faults,
            "notes": self.notes,
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the report: a page if the name ends in `.html`, else JSON.

        Raises:
            SavingError: if the file cannot be written; one that was there stays.
        """
        if str(path).endswith(".html"):
            from multiback.porting.page import page

            text = page(self)
        else:
            text = json.dumps(self.to_json(), indent=1, allow_nan=False) + "\n"
        write_file(path, lambda file: file.write(text.encode()), lambda written: None)

    def html(self, path: str | os.PathLike[str]) -> None:
        """Writes the report as a page that needs nothing else."""
        from multiback.porting.page import page

        text = page(self)
        write_file(path, lambda file: file.write(text.encode()), lambda written: None)


def _distance(row: Row) -> float:
    verdict = row.verdict
    if not verdict.passed and not math.isfinite(verdict.measured):
        return math.inf
    return verdict.measured / verdict.bound if verdict.bound else verdict.measured


def _number(x: float) -> str:
    return f"{x:.3g}"


def _plain(x: float) -> float | str:
    return float(x) if math.isfinite(x) else str(x)
