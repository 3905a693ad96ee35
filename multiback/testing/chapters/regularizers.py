"""Checks of the regularizers: penalties in both float types, and their gradients against finite differences."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from multiback import dtypes, ops, regularizers
from multiback.backends.protocol import Adapter
from multiback.regularizers.registry import REGISTRY
from multiback.testing.cases.regularizers import PENALTIES, WEIGHT, Penalty
from multiback.testing.chapters._configurations import comes_back
from multiback.testing.finite_differences import gradient_by_differences, judge_gradient
from multiback.testing.joint import Once, Outcome, Part, arrays_of, run_together
from multiback.testing.judge import judge
from multiback.testing.records import Check, Row

KIND = "regularizers"
COMPILED_TOGETHER = True
BASES = frozenset({"Regularizer"})
"""Classes that have no penalty of their own."""

C = 16
"""Roundings of a sum of 12 terms, or of cosines of unit vectors, which are at most 1."""


def checks() -> Iterator[Check]:
    """All checks of all regularizers."""
    for number, penalty in enumerate(PENALTIES):
        for dtype in ("float32", "float64"):
            yield Check(KIND, penalty.name, penalty.label, dtype, functools.partial(penalizes, number, dtype))
        label = f"{penalty.label}/configuration" if penalty.label else "configuration"
        make = functools.partial(getattr(regularizers, penalty.name), **penalty.arguments)
        yield Check(KIND, penalty.name, label, "", functools.partial(_configuration, make))


def uncovered() -> list[str]:
    """Registered classes without a case."""
    return sorted(set(REGISTRY.canonical.values()) - {p.name for p in PENALTIES} - BASES)


@functools.cache
def _outcomes(adapter: Adapter) -> list[Outcome]:
    return run_together([functools.partial(_part, p) for p in PENALTIES], adapter)


def _part(penalty: Penalty) -> Part:
    regularizer = getattr(regularizers, penalty.name)(**penalty.arguments)

    def penalties(single: Any, double: Any) -> Any:
        return [regularizer(single), regularizer(double), ops.grad(regularizer)(double)]

    return Once(penalties, (WEIGHT, WEIGHT.astype("float64")))


def penalizes(number: int, dtype: str, adapter: Adapter) -> Iterator[Row]:
    """Compares a penalty with its formula; in float64 its gradient with differences.

    Arguments:
        number: Of the case.
        dtype: Of the weight, and so of the penalty.
        adapter: Where.
    """
    penalty, weight = PENALTIES[number], WEIGHT.astype("float64")
    single, double, gradient = arrays_of(_outcomes(adapter)[number])[0]
    want = np.asarray(penalty.value(weight), "float64")
    got, kind = (single if dtype == "float32" else double), dtypes.as_dtype(dtype)
    verdict = judge(got, want, kind, c=C, scale=np.maximum(want, penalty.arguments.get("factor", 0.0)))
    yield Row("penalty", verdict, {"weight": WEIGHT})
    if dtype == "float64":
        differences = gradient_by_differences(penalty.value, weight)
        yield Row("gradient", judge_gradient(gradient, differences), {"weight": WEIGHT})


def _configuration(make: Callable[[], Any], adapter: Adapter) -> Iterator[Row]:
    return comes_back(make(), regularizers)
