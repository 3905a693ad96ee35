"""What comparing a model on several backends gave: a table to print, plain values, files for what failed."""

from __future__ import annotations

import io
import json
import math
import os
import pathlib
from dataclasses import dataclass, field
from typing import Any

from multiback.errors import MultibackError
from multiback.testing.departure import Departure
from multiback.testing.guilty import Guilty
from multiback.testing.judge import Verdict

_ORDER = (
    "forward", "loss", "forward, training", "gradients", "weights after a step", "optimizer state", "statistics",
    "metrics", "random state", "logs",
)  # fmt: skip
_SHOWN = 6
"""How many failing arrays of a quantity are listed by name."""


class ConformanceError(MultibackError, AssertionError):
    """Backends that do not compute what a model means."""


@dataclass(frozen=True)
class Entry:
    """One array of one backend against its float64 reference.

    Attributes:
        backend: The backend's name.
        quantity: What it is: forward, loss, gradients, weights after a step...
        name: Which one, such as the path of a weight.
        verdict: How far it is, and how far it may be.
    """

    backend: str
    quantity: str
    name: str
    verdict: Verdict


@dataclass
class ModelReport:
    """How far each backend is from the float64 meaning of a model.

    Attributes:
        model: The model's name.
        dtype: What it was computed in.
        backends: Their names.
        entries: Every comparison.
        guilty: For each backend that failed, the first wrong equation; None if every equation alone is right.
        departures: For each backend that failed, where a run of the whole first left its bounds.
        errors: For each backend that could not run the model, why.
        seconds: Wall time by backend.
    """

    model: str
    dtype: str
    backends: tuple[str, ...]
    entries: list[Entry] = field(default_factory=list)
    guilty: dict[str, Guilty | None] = field(default_factory=dict)
    departures: dict[str, Departure | None] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every backend ran the model, every comparison is within its bound and no equation is guilty."""
        return bool(self.entries) and not (self.errors or self.guilty or self.failed)

    @property
    def failed(self) -> list[Entry]:
        """The comparisons that are out of their bounds."""
        return [e for e in self.entries if not e.verdict.passed]

    def raise_if_failed(self) -> None:
        """Raises ConformanceError, with the report as its text, unless everything passed."""
        if not self.passed:
            raise ConformanceError(f"Backends differ on model {self.model!r}:\n{self}")

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes report.json and, for each guilty equation, its inputs and a script that needs no multiback."""
        path = pathlib.Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        (path / "report.json").write_text(json.dumps(self.to_json(), indent=1))
        for name, guilty in self.guilty.items():
            if guilty is not None:
                guilty.save(path / f"guilty_{name}.npz")
                try:
                    script = guilty.reproducer(f"guilty_{name}.npz")
                except MultibackError as error:
                    script = f"# No script: {error}\n"
                (path / f"guilty_{name}.py").write_text(script)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values; the schema is `multiback-model-check/1`."""
        return {
            "schema": "multiback-model-check/1",
            "model": self.model,
            "dtype": self.dtype,
            "passed": self.passed,
            "backends": {
                name: {
                    "error": self.errors.get(name),
                    "seconds": round(self.seconds.get(name, 0.0), 3),
                    "departure": str(departed) if (departed := self.departures.get(name)) is not None else None,
                    "guilty": guilty.to_json() if (guilty := self.guilty.get(name)) is not None else None,
                }
                for name in self.backends
            },
            "entries": [
                {
                    "backend": e.backend, "quantity": e.quantity, "name": e.name, "passed": e.verdict.passed,
                    "c": _finite(e.verdict.measured), "bound": e.verdict.bound, "text": e.verdict.text,
                    "ulp_max": _finite(e.verdict.ulp_max), "relative_norm": _finite(e.verdict.relative_norm),
                }
                for e in self.entries
            ],
        }  # fmt: skip

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(file=io.StringIO(), width=120, color_system=None, legacy_windows=False)
        for part in self._rendered():
            console.print(part, highlight=False, soft_wrap=True)
        return console.file.getvalue().rstrip()  # type: ignore[attr-defined]

    def __rich_console__(self, console: Any, options: Any) -> Any:
        yield from self._rendered()

    def _rendered(self) -> list[Any]:
        return [self._table(), *self._explanations()]

    def _table(self) -> Any:
        from rich.table import Table

        table = Table(
            title=f"Model {self.model}, {self.dtype}: distance from float64 / what rounding alone does (at most 16)",
            title_justify="left",
        )
        table.add_column("quantity")
        table.add_column("arrays", justify="right")
        for name in self.backends:
            table.add_column(name, justify="right")
        present = {e.quantity for e in self.entries}
        for quantity in [q for q in _ORDER if q in present] + sorted(present.difference(_ORDER)):
            mine = [e for e in self.entries if e.quantity == quantity]
            count = max(sum(e.backend == name for e in mine) for name in self.backends)
            table.add_row(quantity, str(count), *(_cell([e for e in mine if e.backend == n]) for n in self.backends))
        table.add_section()
        table.add_row("seconds", "", *(f"{self.seconds.get(n, 0.0):.1f}" for n in self.backends))
        return table

    def _explanations(self) -> list[Any]:
        from rich.text import Text

        lines = []
        for name in self.backends:
            if name in self.errors:
                lines.append(f"{name} could not run the model: {self.errors[name]}")
            mine = [e for e in self.failed if e.backend == name]
            for quantity in dict.fromkeys(e.quantity for e in mine):
                rows = sorted((e for e in mine if e.quantity == quantity), key=lambda e: -e.verdict.measured)
                lines += [f"{name}: {quantity}: {e.name}: {e.verdict.text}" for e in rows[:_SHOWN]]
                if len(rows) > _SHOWN:
                    lines.append(f"{name}: {quantity}: and {len(rows) - _SHOWN} more")
            if (departed := self.departures.get(name)) is not None:
                lines.append(f"{name}: run as a whole, results first leave their bound in {departed}")
            if name in self.guilty:
                guilty = self.guilty[name]
                lines.append(
                    f"{name}: first guilty equation: {guilty}"
                    if guilty is not None
                    else f"{name}: every equation alone is right; the difference arises when they are compiled together"
                )
        lines.append(f"{'All backends agree' if self.passed else 'Backends DIFFER'} on model {self.model!r}.")
        return [Text(line) for line in lines]


def _cell(entries: list[Entry]) -> str:
    if not entries:
        return "-"
    worst = max(entries, key=lambda e: (not e.verdict.passed, e.verdict.measured))
    return f"{worst.verdict.measured:.3g} {'ok' if worst.verdict.passed else 'FAILED'}"


def _finite(value: float) -> float | None:
    """A number for JSON, which has no infinities."""
    return float(value) if math.isfinite(value) else None
