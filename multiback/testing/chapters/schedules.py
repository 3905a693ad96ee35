"""Checks of the learning rate schedules: rates at many steps, and as an optimizer's steps use them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from multiback import dtypes
from multiback.backends.protocol import Adapter, Options
from multiback.optimizers import SGD, schedules
from multiback.optimizers.schedules._registry import REGISTRY
from multiback.testing.cases.schedules import RESTARTS, SCHEDULES, STEPS, ScheduleCase
from multiback.testing.chapters._configurations import comes_back
from multiback.testing.joint import Once, Outcome, Part, arrays_of, run_together
from multiback.testing.judge import judge
from multiback.testing.records import Check, Row
from multiback.variables import Variable

KIND = "schedules"
COMPILED_TOGETHER = True
C = 8
"""Roundings of any formula, relative to the case's size; in a step one more, of the variable."""


def checks() -> Iterator[Check]:
    """All checks of all schedules."""
    for number, case in enumerate(SCHEDULES):
        for dtype in ("float32", "float64"):
            yield Check(KIND, case.name, case.label, dtype, functools.partial(gives_its_rates, number, dtype))
        label = f"{case.label}/in-a-step" if case.label else "in-a-step"
        yield Check(KIND, case.name, label, "float32", functools.partial(drives_steps, number))
        label = f"{case.label}/configuration" if case.label else "configuration"
        yield Check(KIND, case.name, label, "", functools.partial(_configuration, case.make))
    yield Check(KIND, "CosineDecayRestarts", "exact-restarts", "float32", restarts_exactly)


def uncovered() -> list[str]:
    """Registered classes without a case."""
    return sorted(set(REGISTRY.canonical.values()) - {case.name for case in SCHEDULES})


@functools.cache
def _rates(adapter: Adapter, dtype: str) -> list[Outcome]:
    arguments = [(np.int32(step),) for step in STEPS]
    parts = [functools.partial(_rate_part, case, arguments) for case in SCHEDULES]
    return run_together(parts, adapter, floatx=dtype)


def _rate_part(case: ScheduleCase, arguments: list[tuple[Any, ...]]) -> Part:
    return Once(case.make(), *arguments)


def gives_its_rates(number: int, dtype: str, adapter: Adapter) -> Iterator[Row]:
    """Compares a compiled schedule with its formula at every step of `STEPS`.

    Arguments:
        number: Of the case.
        dtype: The default float type, which rates have.
        adapter: Where.
    """
    case = SCHEDULES[number]
    for step, found in zip(STEPS, arrays_of(_rates(adapter, dtype)[number])):
        want = case.rate(step)
        verdict = judge(found[0], np.asarray(want), dtypes.as_dtype(dtype), c=C, scale=case.size(step, want))
        yield Row(f"rate at step {step}", verdict)


class _DrivenPart(Part):
    """Gradient descent whose variable is minus the sum of the rates so far."""

    calls = 4

    def __init__(self, case: ScheduleCase) -> None:
        self.variable = Variable(np.zeros((), "float32"))
        self.optimizer = SGD(case.make())
        self.optimizer.build([self.variable])

    def arguments(self, call: int) -> tuple[Any, ...]:
        return (np.float32(1.0),)

    def step(self, gradient: Any) -> None:
        self.optimizer.apply([gradient], [self.variable])

    def results(self, returned: Any) -> list[np.ndarray]:
        return [self.variable.numpy()]


@functools.cache
def _driven(adapter: Adapter) -> list[Outcome]:
    return run_together([functools.partial(_DrivenPart, case) for case in SCHEDULES], adapter, Options())


def drives_steps(number: int, adapter: Adapter) -> Iterator[Row]:
    """Compares the variable after each of four steps of gradient descent with minus the sum of the rates.

    Arguments:
        number: Of the case.
        adapter: Where.
    """
    case, want, scale = SCHEDULES[number], 0.0, 0.0
    for step, found in enumerate(arrays_of(_driven(adapter)[number])):
        want -= case.rate(step)
        scale += case.size(step, case.rate(step))
        yield Row(
            f"variable after step {step + 1}", judge(found[0], np.asarray(want), dtypes.float32, c=C + 1, scale=scale)
        )


def restarts_exactly(adapter: Adapter) -> Iterator[Row]:
    """At each of 23 restarts the rate is its peak, the step before it is not."""
    schedule = schedules.CosineDecayRestarts(1.0, 3)
    calls = [(np.int32(step),) for start in RESTARTS for step in (start - 1, start)]
    found = arrays_of(run_together([lambda: Once(schedule, *calls)], adapter)[0])
    for i, start in enumerate(RESTARTS):
        before, at = found[2 * i][0], found[2 * i + 1][0]
        # The cosine of an angle of about pi, which is rounded: the error is relative to the peak.
        angle = np.pi * (3 * 2**i - 1) / (3 * 2**i)
        want = np.asarray((1 + np.cos(angle)) / 2)
        yield Row(f"rate at step {start - 1}", judge(before, want, dtypes.float32, c=C, scale=1.0))
        yield Row(f"rate at step {start}", judge(at, np.asarray(1.0), dtypes.float32, c=0))


def _configuration(make: Callable[[], Any], adapter: Adapter) -> Iterator[Row]:
    return comes_back(make(), schedules)
