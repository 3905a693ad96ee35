"""Progress: one line that follows a pass over data, live in a terminal and plain in a log."""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from multiback.errors import ArgumentError
from multiback.utils.messages import is_interactive_logging_enabled, say

# Two live lines in one process would overwrite each other: who comes second gets plain lines.
_live_slot = threading.Lock()


class Progress:
    """Show how far a pass has come, how fast it goes, and its metrics.

    In a terminal or notebook (`verbose=1`) the line is redrawn at most every `interval` seconds; metrics are read only
    then. Elsewhere, and with `verbose=2`, one plain line without control characters is printed at the end of a pass.

    Args:
        verbose: 0 silent, 1 or "auto" live where possible, 2 one line per pass.
        unit_name: What is counted.
        width: Characters of the bar.
        interval: Least seconds between two drawings.
        stream: Where to write; standard output by default.

    Raises:
        ArgumentError: for another `verbose`.

    Example:
        >>> progress = Progress(verbose=0)
        >>> progress.begin(10, "Epoch 1/2")
        >>> progress.update(1, {"loss": 0.5})
        >>> progress.finish(10, {"loss": 0.25})
        >>> progress.close()
    """

    def __init__(
        self,
        verbose: int | str = "auto",
        unit_name: str = "step",
        width: int = 20,
        interval: float = 0.1,
        stream: TextIO | None = None,
    ) -> None:
        if verbose not in (0, 1, 2, "auto"):
            raise ArgumentError(f"verbose is 0, 1, 2 or 'auto', got {verbose!r}.")
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.unit_name = unit_name
        self.width = width
        self.interval = interval
        self.target: int | None = None
        self.label = ""
        self._stream = stream
        self._display: _LiveLine | None = None
        self._due = math.inf  # when the next drawing may be made; never outside a pass
        self._quiet_until = 0.0
        self._begin_clock()

    def _begin_clock(self) -> None:
        self._done = 0
        self._start = time.perf_counter()
        self._after_first: tuple[float, int] | None = None
        self._steps_ended: float | None = None

    def begin(self, target: int | None, label: str = "") -> None:
        """Begin a pass of `target` steps (None if not known)."""
        self.target = target
        self.label = label
        self._begin_clock()
        if self.verbose == 1 and self._display is None:
            self._display = _LiveLine.open(self._stream)
        if self._display is None:
            return
        self._due = self._quiet_until
        if self._start >= self._due:
            self._draw(None, "")

    def update(self, done: int, logs: Mapping[str, Any] | None = None) -> None:
        """Say that `done` steps are complete; costs next to nothing until the next drawing is due."""
        self._done = done
        now = time.perf_counter()
        if self._after_first is None:
            self._after_first = now, done
        if now >= self._due:
            self._draw(logs, "")

    def note(self, text: str) -> None:
        """Say what goes on after the steps, such as validation; its time does not count for the speed."""
        if self._steps_ended is None:
            self._steps_ended = time.perf_counter()
        if self._display is not None:
            self._draw(None, text)

    def finish(self, done: int | None = None, logs: Mapping[str, Any] | None = None) -> None:
        """End the pass with its final metrics."""
        self._done = self._done if done is None else done
        values = _texts(logs)  # reading waits for the device, so it comes before the clock is read
        facts = [self._count(), _duration(time.perf_counter() - self._start), self._speed()]
        if self._display is not None:
            self._display.end(_Parts(self.label, None, self.width, " ".join(facts), values))
            self._due, self._quiet_until = math.inf, time.perf_counter() + self.interval
        elif self.verbose:
            label = [self.label] if self.label else []
            say(" - ".join([*label, *facts, *(f"{name}: {value}" for name, value in values)]), self._stream)

    def close(self) -> None:
        """Leave the terminal as it was; safe to call at any time."""
        if self._display is not None:
            self._display.close()
            self._display = None
        self._due = math.inf

    def _draw(self, logs: Mapping[str, Any] | None, note: str) -> None:
        values = _texts(logs)
        now = time.perf_counter()
        facts = [self._count(), self._remaining(now), self._speed(), note]
        assert self._display is not None
        fraction = None if not self.target else min(1.0, self._done / self.target)
        text = " ".join(fact for fact in facts if fact)
        self._display.draw(_Parts(self.label, fraction, self.width, text, values))
        self._due = time.perf_counter() + self.interval

    def _count(self) -> str:
        if not self.target:
            return f"{self._done} {self.unit_name}s"
        return f"{self._done:{len(str(self.target))}d}/{self.target}"

    def _seconds_per_step(self, now: float) -> float:
        """The first step, which compiles, is left out when there are more."""
        now = self._steps_ended or now
        if self._after_first is not None and self._done > self._after_first[1]:
            since, first = self._after_first
            return (now - since) / (self._done - first)
        return (now - self._start) / self._done if self._done else 0.0

    def _speed(self) -> str:
        seconds = self._seconds_per_step(time.perf_counter())
        if not seconds:
            return ""
        if seconds >= 1:
            return f"{seconds:.1f} s/{self.unit_name}"
        return f"{seconds * 1e3:.{2 if seconds < 1e-3 else 1 if seconds < 1e-2 else 0}f} ms/{self.unit_name}"

    def _remaining(self, now: float) -> str:
        if not self.target or not self._done:
            return _duration(now - self._start)
        return f"{_duration(self._seconds_per_step(now) * (self.target - self._done))} left"


@dataclass(frozen=True)
class _Parts:
    """What a live line shows; the bar is left out when there is no fraction, or no room."""

    label: str
    fraction: float | None
    width: int
    facts: str
    values: list[tuple[str, str]]

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 1, 0, 0))
        cells: list[Any] = []
        if self.label:
            grid.add_column(no_wrap=True)
            cells.append(Text(self.label, style="bold"))
        fraction = self.fraction if options.max_width >= 60 else None
        if fraction is not None:
            grid.add_column(width=self.width)
            cells.append(ProgressBar(total=1.0, completed=fraction, width=self.width, finished_style="green"))
        grid.add_column(overflow="fold")
        used = (len(self.label) + 1 if self.label else 0) + (0 if fraction is None else self.width + 1)
        grid.add_row(*cells, self._text(options.max_width - used, Text))
        yield grid

    def _text(self, room: int, text_type: Any) -> Any:
        """Facts and values; a name and its value stay on one line."""
        text, column = text_type(self.facts), len(self.facts)
        for name, value in self.values:
            wanted = len(name) + len(value) + 3
            if column + wanted > room:
                text.append("\n")
                column = -2
            text.append(f"{'  ' if column >= 0 else ''}{name} ", style="dim")
            text.append(value)
            column += wanted
        return text


class _LiveLine:
    """A line of the terminal that is drawn over, by rich."""

    def __init__(self, console: Any) -> None:
        self._console = console
        self._live: Any = None
        self._open = True

    @classmethod
    def open(cls, stream: TextIO | None) -> _LiveLine | None:
        """A live line, or None where control characters do not belong or another line is live."""
        target = sys.stdout if stream is None else stream
        notebook = "ipykernel" in sys.modules
        terminal = target is not None and target.isatty() and os.environ.get("TERM") != "dumb"
        if not is_interactive_logging_enabled() or not (terminal or notebook) or not _live_slot.acquire(blocking=False):
            return None
        from rich.console import Console

        console = Console(file=stream, highlight=False)
        if terminal or (console.is_jupyter and _has_widgets()):
            return cls(console)
        _live_slot.release()
        return None

    def draw(self, parts: _Parts) -> None:
        if self._live is None:
            from rich.live import Live

            self._live = Live(parts, console=self._console, auto_refresh=False, vertical_overflow="visible")
            self._live.start()
        self._live.update(parts, refresh=True)

    def end(self, parts: _Parts) -> None:
        """Leave the line as it finally is, and go to the next one."""
        if self._live is None:  # a pass too short to have been drawn
            self._console.print(parts)
            return
        self.draw(parts)
        self._live.stop()
        self._live = None

    def close(self) -> None:
        if not self._open:
            return
        self._open = False
        if self._live is not None:
            self._live.stop()
            self._live = None
        _live_slot.release()

    def __del__(self) -> None:
        self.close()


def _has_widgets() -> bool:
    from importlib.util import find_spec

    return find_spec("ipywidgets") is not None


def _texts(logs: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    return [] if logs is None else [(name, _text(value)) for name, value in logs.items()]


def _text(value: Any) -> str:
    """Four decimals, or an exponent where they would say nothing."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return f"{number:.4f}" if number == 0 or 1e-3 <= abs(number) < 1e6 else f"{number:.4e}"


def _duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if minutes else f"{rest}s"
