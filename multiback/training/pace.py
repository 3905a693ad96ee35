"""How many batches go through a step in one call: what `compile` was told, or what is measured to be the quickest."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from multiback.backends import tuning
from multiback.backends.protocol import Adapter
from multiback.errors import ArgumentError
from multiback.training.data import Group, leaves_of

_SECONDS = 0.05
"""One call should not take longer, so that progress, Ctrl-C and callbacks are not held up."""
_BYTES = 1 << 24
"""Nor should its batches take more memory."""
_MOST, _LEAST = 16, 4
_WINDOWS = 8
_GAIN, _TOLERANCE = 1.03, 1.3
_PATIENCE = 2.0
"""Where several steps must be compiled, single ones run for so many times as long as the first step took before."""


def checked(steps: Any) -> Any:
    """`steps_per_execution` as it is.

    Raises:
        ArgumentError: if it is neither "auto" nor an integer of at least 1.
    """
    if steps == "auto" or (isinstance(steps, int) and not isinstance(steps, bool) and steps >= 1):
        return steps
    raise ArgumentError(f"steps_per_execution is 'auto' or an integer of at least 1, got {steps!r}.")


class Pace:
    """The number of steps of each call of one program.

    "auto" runs single steps first. Where several steps in one call need no compiling they are tried at once; elsewhere
    when single ones have taken some times as long as the first step with its compiling did, so that a short run never
    pays for it. Both are then measured, and the quicker stays.

    Arguments:
        given: "auto", or the number.
        adapter: Where the steps run.
        wait: Returns when the last call has been computed.
    """

    def __init__(self, given: Any, adapter: Adapter, wait: Callable[[], None]) -> None:
        self.given = given
        self.steps = 1 if given == "auto" else given
        self.observed = False
        """Whether somebody looks at every single step: then "auto" is 1."""
        self._wait_for_last = wait
        self._compiles = type(adapter).wrap_many is not Adapter.wrap_many
        self._choice: Generator[int, Group, int] | None = None
        if given == "auto" and tuning.policy() == "measure":
            self._choice = self._choose()
            self.steps = next(self._choice)
        self._begin = self._seconds = np.zeros(2)

    def size(self) -> int:
        """How many steps the next call should have."""
        if self.observed and self.given == "auto":
            return 1
        if self._choice is not None:
            self._begin = _clocks()
        return self.steps

    def ran(self, group: Group) -> None:
        """To be told after each call."""
        if self._choice is None or self.observed:
            return
        self._seconds = _clocks() - self._begin
        try:
            self.steps = self._choice.send(group)
        except StopIteration as end:
            self.steps, self._choice = end.value, None

    def _choose(self) -> Generator[int, Group, int]:
        group = yield 1
        first = self._seconds + self._wait()
        if self._compiles:
            yield from self._spend(_PATIENCE * first[0])
        rough = yield from self._window(1, 8)
        memory = max(1, sum(a.nbytes for a in leaves_of(group.batch) if hasattr(a, "nbytes")))
        most = min(_MOST, int(_SECONDS / rough[0]), _BYTES // memory)
        steps = 1 << max(0, most.bit_length() - 1)
        if steps < _LEAST:
            return 1
        while (yield from self._run(steps))[0] != steps:  # the first call compiles; and an epoch may be too short
            pass
        single = many = np.full(2, np.inf)
        for _ in range(_WINDOWS):
            single = np.minimum(single, (yield from self._window(1, steps)))
            many = np.minimum(many, (yield from self._window(steps, steps)))
        # CPU time decides, which other processes disturb little; in real time it must not be clearly worse.
        quicker = many[1] * _GAIN < single[1] and many[0] < single[0] * _TOLERANCE
        return steps if quicker else 1

    def _window(self, steps: int, least: int) -> Generator[int, Group, np.ndarray]:
        """Seconds of one step, over at least so many."""
        self._wait()
        seconds, count = np.zeros(2), 0
        while count < least:
            number, spent = yield from self._run(steps)
            seconds, count = seconds + spent, count + number
        return (seconds + self._wait()) / count

    def _spend(self, seconds: float) -> Generator[int, Group, None]:
        while seconds > 0:
            seconds -= (yield from self._run(1))[1][0]

    def _run(self, steps: int) -> Generator[int, Group, tuple[int, np.ndarray]]:
        group = yield steps
        return group.steps, self._seconds

    def _wait(self) -> np.ndarray:
        """Seconds until everything that was started has been computed."""
        start = _clocks()
        self._wait_for_last()
        return _clocks() - start


def _clocks() -> np.ndarray:
    """Real seconds, and those of the processor."""
    return np.array([time.perf_counter(), time.process_time()])
