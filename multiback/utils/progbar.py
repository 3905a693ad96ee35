"""Progbar: a progress display for your own loops."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from multiback.errors import ArgumentError
from multiback.training.lazy_logs import LazyLogs
from multiback.training.progress import Progress


class Progbar:
    """Show progress of a loop, with running means of values.

    Args:
        target: Steps in all; None if not known.
        width: Characters of the bar.
        verbose: 0 silent, 1 live in a terminal and one line at the end elsewhere, 2 one line at the end.
        interval: Least seconds between two drawings.
        stateful_metrics: Names of the values shown as they are; all others are averaged over the steps.
        stateless_metrics: Or the other way round: names of the values to average.
        unit_name: What is counted.

    Raises:
        ArgumentError: if both kinds of names are given.

    Example:
        >>> bar = Progbar(2, verbose=0)
        >>> for _ in range(2):
        ...     bar.add(1, [("loss", 0.5)])
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int | str = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ArgumentError("Give either stateful_metrics or stateless_metrics.")
        self.target = target
        self._as_is = None if stateful_metrics is None else set(stateful_metrics)
        self._averaged = None if stateless_metrics is None else set(stateless_metrics)
        self._values: dict[str, tuple[Any, int]] = {}
        self._seen = 0
        self._finished = False
        self._progress = Progress(verbose, unit_name, width, max(interval, 0.0))
        self._progress.begin(target)

    def update(
        self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Say that `current` steps are complete.

        Args:
            current: Steps complete.
            values: Pairs of name and value of the latest step.
            finalize: Whether this ends the display; by default, when the target is reached.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        steps = max(current - self._seen, 1)
        for name, value in values or ():
            total, count = self._values.get(name, (0.0, 0))
            averaged = self._is_averaged(name)
            self._values[name] = (total + value * steps, count + steps) if averaged else (value, 1)
        self._seen = current
        if finalize and not self._finished:
            self._progress.target = self.target
            self._progress.finish(current, self._means())
            self._progress.close()
            self._finished = True
        elif not self._finished:
            self._progress.update(current, LazyLogs(self._means))

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Say that `n` more steps are complete."""
        self.update(self._seen + n, values)

    def _is_averaged(self, name: str) -> bool:
        if self._averaged is not None:
            return name in self._averaged
        return self._as_is is None or name not in self._as_is

    def _means(self) -> dict[str, Any]:
        return {name: total / count if count > 1 else total for name, (total, count) in self._values.items()}
