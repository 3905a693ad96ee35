"""Checks of the constraints: what they make of weights, of zeros too, in both float types."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from multiback import constraints, dtypes
from multiback.backends.protocol import Adapter
from multiback.constraints.registry import REGISTRY
from multiback.testing.cases.constraints import RULES, WEIGHTS, Rule
from multiback.testing.chapters._configurations import comes_back
from multiback.testing.joint import Once, Outcome, Part, arrays_of, run_together
from multiback.testing.judge import judge
from multiback.testing.records import Check, Row

KIND = "constraints"
COMPILED_TOGETHER = True
BASES = frozenset({"Constraint"})
"""Classes that change nothing."""

C = 16
"""Roundings of a norm of at most 12 elements, a quotient and a product."""


def checks() -> Iterator[Check]:
    """All checks of all constraints."""
    for number, rule in enumerate(RULES):
        for dtype in ("float32", "float64"):
            yield Check(KIND, rule.name, rule.label, dtype, functools.partial(constrains, number, dtype))
        label = f"{rule.label}/configuration" if rule.label else "configuration"
        make = functools.partial(getattr(constraints, rule.name), **rule.arguments)
        yield Check(KIND, rule.name, label, "", functools.partial(_configuration, make))


def uncovered() -> list[str]:
    """Registered classes without a case."""
    return sorted(set(REGISTRY.canonical.values()) - {r.name for r in RULES} - BASES)


@functools.cache
def _outcomes(adapter: Adapter) -> list[Outcome]:
    return run_together([functools.partial(_part, rule) for rule in RULES], adapter)


def _part(rule: Rule) -> Part:
    constraint = getattr(constraints, rule.name)(**rule.arguments)

    def both(single: Any, double: Any) -> Any:
        return [constraint(single), constraint(double)]

    return Once(both, *((w, w.astype("float64")) for w in WEIGHTS.values()))


def constrains(number: int, dtype: str, adapter: Adapter) -> Iterator[Row]:
    """Compares the constrained weights with the formula.

    Arguments:
        number: Of the case.
        dtype: Of the weights.
        adapter: Where.
    """
    for (what, weight), found in zip(WEIGHTS.items(), arrays_of(_outcomes(adapter)[number])):
        want = RULES[number].value(weight.astype("float64"))
        got = found[dtype == "float64"]
        yield Row(what, judge(got, want, dtypes.as_dtype(dtype), c=C, scale=np.abs(want)), {"weight": weight})


def _configuration(make: Callable[[], Any], adapter: Adapter) -> Iterator[Row]:
    return comes_back(make(), constraints)
