"""Checks of the metrics: their result after each of several batches, with weights, and at inputs with a meaning.

All definitions are compiled as one graph, which updates and reads them; it is run on three batches and an empty one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from multiback import dtypes, metrics
from multiback.backends.protocol import Adapter
from multiback.layers._masks import set_mask
from multiback.metrics.registry import FUNCTIONS, REGISTRY
from multiback.testing.cases.metrics import DEFINITIONS, ROWS, SPECIALS, Definition, Special
from multiback.testing.chapters._configurations import comes_back
from multiback.testing.joint import Once, Outcome, Part, arrays_of, run_together
from multiback.testing.judge import judge
from multiback.testing.records import Check, Row

KIND = "metrics"
COMPILED_TOGETHER = True
BASES = frozenset({"Metric"})
"""Classes that have no result of their own."""

OF_VALUES = frozenset({"Mean", "Sum"})
"""Metrics of values instead of targets and predictions."""

C = 16
"""Sums of at most 60 terms, added in any order, and a few operations on them."""

SIZES = (ROWS, ROWS, ROWS, 0)
"""Of the batches; with weights, those of the first batch are all 0."""


_FIRST_OF_EACH = sorted({d.name: i for i, d in reversed(list(enumerate(DEFINITIONS)))}.values())

PARTS = [
    *((i, "float32", weighted) for i in range(len(DEFINITIONS)) for weighted in (False, True)),
    *((i, "float64", True) for i in _FIRST_OF_EACH),
]
"""In float64 one definition of each class, with weights: the code is that of float32, and compiling it takes long."""


def checks() -> Iterator[Check]:
    """All checks of all metrics."""
    for number, dtype in dict.fromkeys(part[:2] for part in PARTS):
        run = functools.partial(follows_its_definition, number, dtype)
        yield Check(KIND, DEFINITIONS[number].name, DEFINITIONS[number].label, dtype, run)
    for number in _FIRST_OF_EACH:
        definition = DEFINITIONS[number]
        made = functools.partial(make, definition, name="mine")
        yield Check(KIND, definition.name, "configuration", "", functools.partial(_configuration, made))
    for number, special in enumerate(SPECIALS):
        run = functools.partial(is_as_documented, number)
        yield Check(KIND, special.name, special.case, "float32", run)


def uncovered() -> list[str]:
    """Registered classes without a definition, and functions that none of these classes averages."""
    classes = {d.name for d in DEFINITIONS}
    functions = {getattr(make(d), "_fn", None) for d in DEFINITIONS}
    return [
        *(name for name in REGISTRY.canonical.values() if name not in classes | BASES),
        *(name for item, name in FUNCTIONS.canonical.items() if item not in functions),
    ]


def make(definition: Definition | Special, **more: Any) -> metrics.Metric:
    """The metric of a definition."""
    arguments = {**definition.arguments, **more}
    if "fn" in arguments:
        arguments["fn"] = getattr(metrics, arguments["fn"])
    return getattr(metrics, definition.name)(**arguments)


class _MetricPart(Part):
    """A metric that each call updates and reads."""

    calls = len(SIZES)

    def __init__(self, definition: Definition, dtype: str, weighted: bool) -> None:
        self.definition = definition
        self.dtype = dtype
        self.weighted = weighted
        self.metric = make(definition, dtype=dtype)

    def arguments(self, call: int) -> tuple[Any, ...]:
        y_true, y_pred, weight = batches(self.definition, self.weighted)[call]
        arrays = [a.astype(self.dtype) if a.dtype.kind == "f" else a for a in (y_true, y_pred)]
        return (*arrays, weight.astype(self.dtype) if self.weighted else None)

    def step(self, y_true: Any, y_pred: Any, weight: Any) -> Any:
        if self.definition.name in OF_VALUES:
            self.metric.update_state(y_true, sample_weight=weight)
        else:
            self.metric.update_state(y_true, y_pred, sample_weight=weight)
        return self.metric.result()


def batches(definition: Definition, weighted: bool) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Targets, predictions and weights of each call."""
    found = []
    for call, (y_true, y_pred, weight) in enumerate(definition.data(SIZES)):
        weight = np.ones_like(weight) if not weighted else weight * (call > 0)
        found.append((y_true, y_pred, weight))
    return found


def expected(definition: Definition, weighted: bool) -> list[np.ndarray]:
    """The result after each call, in float64: of all batches so far at once."""
    found = []
    for seen in range(1, len(SIZES) + 1):
        columns = zip(*batches(definition, weighted)[:seen])
        y_true, y_pred, weight = (np.concatenate(c) for c in columns)
        wide = [a.astype("float64") if a.dtype.kind == "f" else a for a in (y_true, y_pred, weight)]
        found.append(np.asarray(definition.value(*wide), "float64"))
    return found


@functools.cache
def _outcomes(adapter: Adapter) -> dict[tuple[int, str, bool], Outcome]:
    parts = [functools.partial(_MetricPart, DEFINITIONS[i], dtype, weighted) for i, dtype, weighted in PARTS]
    return dict(zip(PARTS, run_together(parts, adapter, batched=True)))


def follows_its_definition(number: int, dtype: str, adapter: Adapter) -> Iterator[Row]:
    """Compares a metric's result after each batch with its definition on all samples so far.

    Arguments:
        number: Of the definition.
        dtype: In which it computes.
        adapter: Where.
    """
    definition, kind = DEFINITIONS[number], dtypes.as_dtype(dtype)
    for part in PARTS:
        if part[:2] != (number, dtype):
            continue
        weighted = part[2]
        found = arrays_of(_outcomes(adapter)[part])
        for call, (got, want) in enumerate(zip(found, expected(definition, weighted))):
            what = f"after {call + 1} batches{', weighted' if weighted else ''}"
            what = f"{what}, the last without samples" if SIZES[call] == 0 else what
            y_true, y_pred, weight = batches(definition, weighted)[call]
            operands = {"y_true": y_true, "y_pred": y_pred, "sample_weight": weight}
            scale = np.maximum(np.abs(want), 1)
            yield Row(what, judge(got[0], want, kind, c=C, scale=scale), operands)


@functools.cache
def _special_outcomes(adapter: Adapter) -> list[Outcome]:
    return run_together([functools.partial(_special_part, s) for s in SPECIALS], adapter)


def _special_part(special: Special) -> Part:
    metric = make(special)

    def update(y_true: Any, y_pred: Any, mask: Any, weight: Any) -> Any:
        if mask is not None:
            set_mask(y_pred, mask)
        metric.update_state(y_true, y_pred, sample_weight=weight)
        return metric.result()

    weight = None if special.weights is None else np.asarray(special.weights, "float32")
    mask = None if special.mask is None else np.asarray(special.mask)
    return Once(update, (_narrow(special.targets), _narrow(special.predictions), mask, weight))


def _narrow(values: Any) -> np.ndarray:
    array = np.asarray(values)
    return array.astype("int32" if array.dtype.kind == "i" else "float32")


def is_as_documented(number: int, adapter: Adapter) -> Iterator[Row]:
    """Compares a metric at special inputs with what is documented for them.

    Arguments:
        number: Of the special case.
        adapter: Where.
    """
    special = SPECIALS[number]
    got, want = arrays_of(_special_outcomes(adapter)[number])[0][0], np.asarray(special.value, "float64")
    operands = {"y_true": _narrow(special.targets), "y_pred": _narrow(special.predictions)}
    scale = np.maximum(np.nan_to_num(np.abs(want)), 1)
    yield Row("result", judge(got, want, dtypes.float32, c=C, scale=scale), operands)


def _configuration(made: Callable[[], Any], adapter: Adapter) -> Iterator[Row]:
    return comes_back(made(), metrics)
