"""How many batches go through a step in one call: what `compile` was told, or what was measured to be the quickest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multiback.backends import tuning, tuning_records
from multiback.backends.compile import Program
from multiback.errors import ArgumentError
from multiback.graph.fingerprint import fingerprint

KEY = "steps per execution "
"""What the keys of these records begin with."""
_LONGEST, _LARGEST = 0.05, 1 << 24
"""Seconds that one call may take, so that progress, Ctrl-C and callbacks are not held up, and bytes of its batches."""


def checked(steps: Any) -> Any:
    """`steps_per_execution` as it is.

    Raises:
        ArgumentError: if it is neither "auto" nor an integer of at least 1.
    """
    if steps == "auto" or (isinstance(steps, int) and not isinstance(steps, bool) and steps >= 1):
        return steps
    raise ArgumentError(f"steps_per_execution is 'auto' or an integer of at least 1, got {steps!r}.")


def quickest(program: Program) -> int:
    """The number of steps in one call that `tune` found the quickest for this program on this machine; 1 if none did.

    What is not remembered is not measured here: the number depends on the records alone, not on the run.
    """
    records = tuning_records.of(program.executable.adapter)
    if tuning.policy() == "off" or not records.has(KEY):
        return 1
    return int(tuning.quickest(records.get(_key(program)) or {}, "1"))


def remember(program: Program, seconds: dict[int, float]) -> None:
    """Puts the seconds of one step, by the number of steps in one call, into the records."""
    records = tuning_records.of(program.executable.adapter)
    records.put(_key(program), {str(n): s for n, s in seconds.items()})


def numbers_to_try(seconds: float, arrays: Sequence[Any]) -> list[int]:
    """How many steps in one call are worth measuring, for a step of so many seconds on a batch of these arrays."""
    size = max(1, sum(a.nbytes for a in arrays))
    most = min(int(_LONGEST / seconds), _LARGEST // size)
    return [n for n in (4, 16) if n <= most]


def _key(program: Program) -> str:
    return KEY + fingerprint(program.trace.graph, program.sizes)
