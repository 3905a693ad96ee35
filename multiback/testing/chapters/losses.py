"""Checks of the losses: values, weighted means, gradients, reductions, masks, and inputs with a meaning of their own.

All formulas are compiled as one graph, in both float types; it is run on a batch, on one with NaN, and on an empty one.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from multiback import dtypes, losses, ops
from multiback.backends.protocol import Adapter
from multiback.layers._masks import set_mask
from multiback.losses.registry import REGISTRY
from multiback.testing.cases.losses import EPSILON, FORMULAS, REDUCTIONS, ROWS, SPECIALS, Formula, Special, reduced
from multiback.testing.chapters._configurations import comes_back
from multiback.testing.finite_differences import gradient_by_differences, judge_gradient
from multiback.testing.joint import Once, Outcome, Part, arrays_of, run_together
from multiback.testing.judge import judge
from multiback.testing.records import Check, Row

KIND = "losses"
COMPILED_TOGETHER = True
WITHOUT_FORMULA = frozenset({"Loss", "LossFunctionWrapper"})
"""Bases: `Loss` has the checks of reductions; the wrapper calls a person's function and is compared by its tests."""

WEIGHTS = np.array([0.5, 0.0, 2.0, 1.0, 0.25])
C = 16
"""Roundings per term, and of a sum of at most 20 terms added in any order."""

REGULAR, NAN, EMPTY = 0, 1, 2
"""The calls of the joint graph: a batch, the same with NaN for the first sample's prediction, no samples."""


def checks() -> Iterator[Check]:
    """All checks of all losses."""
    for number, formula in enumerate(FORMULAS):
        for dtype in ("float32", "float64"):
            run = functools.partial(agrees, number, dtype)
            yield Check(KIND, formula.name, formula.case, dtype, run)
    for number, formula in _first_of_each():
        yield Check(KIND, formula.name, "nan", "float32", functools.partial(propagates_nan, number))
        if formula.takes_none:
            yield Check(KIND, formula.name, "empty-batch", "float32", functools.partial(takes_no_samples, number))
        make = functools.partial(getattr(losses, formula.name), **formula.arguments, reduction="sum", name="mine")
        yield Check(KIND, formula.name, "configuration", "", functools.partial(_configuration, make))
    for number, special in enumerate(SPECIALS):
        for dtype in ("float32", "float64"):
            yield Check(KIND, special.name, special.case, dtype, functools.partial(is_as_documented, number, dtype))
    yield Check(KIND, "Loss", "reductions", "float64", reduces)


def uncovered() -> list[str]:
    """Registered classes without a formula, and functions that none of these classes computes."""
    classes = {f.name for f in FORMULAS}
    functions = {getattr(losses, name)().fn for name in classes}
    return [
        name
        for item, name in REGISTRY.canonical.items()
        if name not in classes | WITHOUT_FORMULA and item not in functions
    ]


def _first_of_each() -> list[tuple[int, Formula]]:
    return list({f.name: (i, f) for i, f in reversed(list(enumerate(FORMULAS)))}.values())


class _FormulaPart(Part):
    """A loss without reduction, its weighted mean in float32, and in float64 both and the mean's gradient."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.calls = 3 if formula.takes_none else 2
        self.kind = getattr(losses, formula.name)

    def arguments(self, call: int) -> tuple[Any, ...]:
        y_true, y_pred, weight = inputs(self.formula, call)
        return y_true, y_pred, y_pred.astype("float64"), weight

    def step(self, y_true: Any, single: Any, double: Any, weight: Any) -> Any:
        found = []
        for y_pred, dtype in ((single, "float32"), (double, "float64")):
            mean = self.kind(**self.formula.arguments, dtype=dtype)
            found.append(self.kind(**self.formula.arguments, reduction=None, dtype=dtype)(y_true, y_pred))
            found.append(mean(y_true, y_pred, weight))
        return [*found, ops.grad(lambda p: mean(y_true, p, weight))(double)]


def inputs(formula: Formula, call: int = REGULAR) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Targets, predictions and weights (None where a loss is not one number per sample) of one of the calls."""
    y_true, y_pred = formula.sample(ROWS)
    weight = WEIGHTS if formula.weighted else None
    if call == NAN:
        y_pred = y_pred.copy()
        y_pred[0] = np.nan
    if call == EMPTY:
        y_true, y_pred, weight = y_true[:0], y_pred[:0], None if weight is None else weight[:0]
    return y_true, y_pred, weight


@functools.cache
def _outcomes(adapter: Adapter) -> dict[int, Outcome]:
    found: dict[int, Outcome] = {}
    for takes_none in (True, False):
        group = [i for i, f in enumerate(FORMULAS) if f.takes_none == takes_none]
        parts = [functools.partial(_FormulaPart, FORMULAS[i]) for i in group]
        found.update(zip(group, run_together(parts, adapter, batched=True)))
    return found


def _found(number: int, adapter: Adapter, call: int) -> list[np.ndarray]:
    return arrays_of(_outcomes(adapter)[number])[call]


def agrees(number: int, dtype: str, adapter: Adapter) -> Iterator[Row]:
    """Compares a formula's losses and weighted mean with float64; in float64 also the gradient with differences.

    Arguments:
        number: Of the formula.
        dtype: In which it computes.
        adapter: Where.
    """
    formula, kind = FORMULAS[number], dtypes.as_dtype(dtype)
    y_true, y_pred, weight = inputs(formula)
    values, mean = _found(number, adapter, REGULAR)[slice(0, 2) if dtype == "float32" else slice(2, 4)]
    operands = {"y_true": y_true, "y_pred": y_pred}
    sizes = formula.sizes(y_true, y_pred)
    yield Row("losses", judge(values, formula.values(y_true, y_pred), kind, c=C, scale=sizes), operands)
    want = np.asarray(formula.mean(y_true, y_pred, weight))
    yield Row("weighted mean", judge(mean, want, kind, c=C, scale=np.max(sizes)), operands)
    if dtype == "float64":
        yield Row("gradient", judge_gradient(_found(number, adapter, REGULAR)[4], _gradient(number)), operands)


def propagates_nan(number: int, adapter: Adapter) -> Iterator[Row]:
    """A prediction of NaN gives its sample, and the mean, the loss NaN, and leaves the other samples alone."""
    y_true, y_pred, _ = inputs(FORMULAS[number], NAN)
    want, sizes = FORMULAS[number].values(y_true, y_pred), FORMULAS[number].sizes(y_true, y_pred)
    values, mean = _found(number, adapter, NAN)[:2]
    yield Row("losses", judge(values, want, dtypes.float32, c=C, scale=np.nan_to_num(sizes)))
    yield Row("mean", judge(mean, np.asarray(np.nan), dtypes.float32, c=0))


def takes_no_samples(number: int, adapter: Adapter) -> Iterator[Row]:
    """Without samples there are no losses, and their mean is NaN."""
    y_true, y_pred, weight = inputs(FORMULAS[number], EMPTY)
    values, mean = _found(number, adapter, EMPTY)[:2]
    yield Row("losses", judge(values, FORMULAS[number].values(y_true, y_pred), dtypes.float32, c=C))
    want = np.asarray(FORMULAS[number].mean(y_true, y_pred, weight))
    yield Row("mean", judge(mean, want, dtypes.float32, c=C))


@functools.cache
def _gradient(number: int) -> np.ndarray:
    """The gradient of a formula's weighted mean for the predictions, by differences."""
    formula = FORMULAS[number]
    y_true, y_pred, weight = inputs(formula)
    return gradient_by_differences(lambda p: formula.mean(y_true, p, weight), y_pred.astype("float64"))


@functools.cache
def _special_outcomes(adapter: Adapter) -> list[Outcome]:
    return run_together([functools.partial(_special_part, s) for s in SPECIALS], adapter)


def _special_part(special: Special) -> Part:
    def both(y_true: Any, single: Any, double: Any) -> Any:
        arguments = {"reduction": None, **special.arguments}
        kind = getattr(losses, special.name)
        return [kind(**arguments, dtype=str(p.dtype))(y_true, p) for p in (single, double)]

    y_pred = np.asarray(special.predictions, "float32")
    return Once(both, (_targets(special), y_pred, y_pred.astype("float64")))


def _targets(special: Special) -> np.ndarray:
    y_true = np.asarray(special.targets)
    return y_true.astype("int32" if y_true.dtype.kind == "i" else "float32")


def is_as_documented(number: int, dtype: str, adapter: Adapter) -> Iterator[Row]:
    """Compares a loss at special inputs with what is documented for them.

    Arguments:
        number: Of the special case.
        dtype: In which it computes.
        adapter: Where.
    """
    special, kind = SPECIALS[number], dtypes.as_dtype(dtype)
    edges = (float(np.asarray(x, kind.numpy)) for x in (EPSILON, 1 - EPSILON))
    want = np.asarray(special.values(*edges), "float64")
    got = arrays_of(_special_outcomes(adapter)[number])[0][dtype == "float64"]
    operands = {"y_true": _targets(special), "y_pred": np.asarray(special.predictions)}
    scale = 1 + np.nan_to_num(np.abs(want))
    yield Row("losses", judge(got, want, kind, c=C, scale=scale), operands)


REDUCED = list(itertools.product(REDUCTIONS, ("none", "some", "nothing"), ("none", "some", "zero")))
"""Every reduction, with masks and with weights."""


def reduces(adapter: Adapter) -> Iterator[Row]:
    """Compares every reduction, with and without masks and weights, in float64."""
    random = np.random.default_rng(3)
    y_true, y_pred = random.normal(size=(2, 5, 3, 2))
    masks = {"none": None, "some": random.random((5, 3)) < 0.6, "nothing": np.zeros((5, 3), bool)}
    weights = {"none": None, "some": WEIGHTS[:, None], "zero": np.zeros((5, 1))}
    shapes = [WEIGHTS, WEIGHTS[:, None], np.array(2.0)]

    def run(y_true: Any, y_pred: Any, masks: Any, weights: Any, shapes: Any) -> Any:
        found = []
        for reduction, m, w in REDUCED:
            prediction = y_pred + 0.0
            set_mask(prediction, masks[m])
            loss = losses.MeanSquaredError(reduction=reduction, dtype="float64")
            found.append(loss(y_true, prediction, weights[w]))
        flat = losses.MeanSquaredError(dtype="float64")
        return [*found, *(flat(y_true[:, 0], y_pred[:, 0], weight) for weight in shapes)]

    part = functools.partial(Once, run, (y_true, y_pred, masks, weights, shapes))
    found = arrays_of(run_together([part], adapter)[0])[0]
    values = ((y_true - y_pred) ** 2).mean(-1)
    scale = values.sum()
    for (reduction, m, w), got in zip(REDUCED, found):
        want = np.asarray(reduced(values, weights[w], masks[m], reduction))
        yield Row(f"{reduction}, mask {m}, weights {w}", judge(got, want, dtypes.float64, c=C, scale=scale))
    for weight, got in zip(shapes, found[len(REDUCED) :]):
        want = np.asarray((values[:, 0] * np.ravel(weight)).mean())
        yield Row(f"weights of shape {weight.shape}", judge(got, want, dtypes.float64, c=C, scale=scale))


def _configuration(make: Callable[[], Any], adapter: Adapter) -> Iterator[Row]:
    return comes_back(make(), losses)
