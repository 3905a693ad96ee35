"""How many batches go through a step in one call: what `compile` was told, or what is measured to be the quickest."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

from multiback.backends import tuning
from multiback.backends.protocol import Adapter
from multiback.errors import ArgumentError
from multiback.training.data import Group, leaves_of

_SECONDS = 0.05
"""One call should not take longer, so that progress, Ctrl-C and callbacks are not held up."""
_BYTES = 1 << 24
"""Nor should its batches take more memory."""
_MOST, _LEAST = 64, 4
_WINDOWS = 5
_GAIN = 1.03
_PATIENCE = 3.0
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
        self._begin = 0.0
        self._seconds = 0.0

    def size(self) -> int:
        """How many steps the next call should have."""
        if self.observed and self.given == "auto":
            return 1
        self._begin = time.perf_counter()
        return self.steps

    def ran(self, group: Group) -> None:
        """To be told after each call."""
        if self._choice is None or self.observed:
            return
        self._seconds = time.perf_counter() - self._begin
        try:
            self.steps = self._choice.send(group)
        except StopIteration as end:
            self.steps, self._choice = end.value, None

    def _choose(self) -> Generator[int, Group, int]:
        group = yield 1
        first = self._seconds + self._wait()
        if self._compiles:
            yield from self._spend(1, _PATIENCE * first)
        single = yield from self._measured(1)
        memory = max(1, sum(a.nbytes for a in leaves_of(group.batch) if hasattr(a, "nbytes")))
        most = min(_MOST, int(_SECONDS / single), _BYTES // memory)
        steps = 1 << max(0, most.bit_length() - 1)
        if steps < _LEAST:
            return 1
        while (yield from self._run(steps))[0] != steps:  # the first call compiles; and an epoch may be too short
            pass
        many = yield from self._measured(steps)
        return steps if many * _GAIN < single else 1

    def _measured(self, steps: int) -> Generator[int, Group, float]:
        """Seconds of one step: the shortest of some windows."""
        best = float("inf")
        for _ in range(_WINDOWS):
            self._wait()
            seconds, count = 0.0, 0
            while count < max(steps, 8):
                number, spent = yield from self._run(steps)
                seconds, count = seconds + spent, count + number
            best = min(best, (seconds + self._wait()) / count)
        return best

    def _spend(self, steps: int, budget: float) -> Generator[int, Group, None]:
        while budget > 0:
            budget -= (yield from self._run(steps))[1]

    def _run(self, steps: int) -> Generator[int, Group, tuple[int, float]]:
        group = yield steps
        return group.steps, self._seconds

    def _wait(self) -> float:
        """Seconds until everything that was started has been computed."""
        start = time.perf_counter()
        self._wait_for_last()
        return time.perf_counter() - start
