"""Checks of the optimizers: ten steps in float64, each step of float32 from the reference's state, slots, settings.

Every optimizer is part of one graph per float type and path: with the backend's fused updates, and with their bodies.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from multiback import dtypes, optimizers
from multiback.backends.protocol import Adapter, Options
from multiback.optimizers._multi_tensor import MultiTensorOptimizer
from multiback.optimizers._registry import REGISTRY
from multiback.testing.cases.optimizer_reference import Reference
from multiback.testing.cases.optimizers import (
    CALLS,
    DIVERGENCES,
    OWN,
    RATE,
    SETTINGS,
    SHARED,
    Divergence,
    Steps,
    reference_of,
)
from multiback.testing.chapters._configurations import comes_back
from multiback.testing.joint import Outcome, Part, arrays_of, float_type, run_together
from multiback.testing.judge import Verdict, judge
from multiback.testing.records import Check, Row, holds
from multiback.variables import Variable

KIND = "optimizers"
COMPILED_TOGETHER = True
FUSED = frozenset({"sgd_update", "momentum_update", "adam_update", "rmsprop_update", "adagrad_update"})
"""The composites that an adapter may run as one kernel."""

C_STEP = 12
"""Roundings of one step of any rule, relative to the size of the step."""

C_RUN = 128
"""Those of ten steps, relative to 1 + |x|: their steps are 0.125 long, or a few times that."""

CENTERED, MUON = 12.0, 60.0
"""How much more a step is off for a relative error in what it is made of: centered RMSprop subtracts the square of a
mean, at most (v + a^2) / (v - a^2) for these gradients; Muon applies a quintic, its coefficients up to 4.775, 5 times.
"""

LONG = [*OWN, *SHARED, *(d.steps() for d in DIVERGENCES)]
"""What is run in float64."""


def checks() -> Iterator[Check]:
    """All checks of all optimizers."""
    for expanded in (False, True):
        path: Any = "expanded" if expanded else "native"
        for number, steps in enumerate(OWN + SHARED):
            if not expanded or _is_fused(steps):
                run = functools.partial(runs_like_the_formula, number, expanded)
                yield Check(KIND, steps.name, steps.label, "float64", run, path=path, concerns=_concerned(expanded))
        for number, steps in enumerate(OWN):
            if not expanded or _is_fused(steps):
                run = functools.partial(steps_like_the_formula, number, expanded)
                yield Check(KIND, steps.name, steps.label, "float32", run, path=path, concerns=_concerned(expanded))
    for number, divergence in enumerate(DIVERGENCES, len(OWN + SHARED)):
        run = functools.partial(keeps_the_documented_meaning, number, divergence)
        yield Check(KIND, divergence.kind, f"divergence-{divergence.number}", "float64", run)
    for kind, label, settings in SETTINGS:
        case = f"slots-{label}" if label else "slots"
        yield Check(KIND, kind, case, "", functools.partial(makes_its_slots, kind, settings))
        make = functools.partial(_fully_set, kind, settings)
        case = f"configuration-{label}" if label else "configuration"
        yield Check(KIND, kind, case, "", functools.partial(_configuration, make))
    for kind, composed in _COMPOSED.items():
        yield Check(KIND, kind, "configuration", "", functools.partial(_configuration, composed))


def uncovered() -> list[str]:
    """Registered classes that no case runs."""
    subjects = {check.subject for check in checks()}
    return [name for name in REGISTRY.canonical.values() if name not in subjects]


def _is_fused(steps: Steps) -> bool:
    return isinstance(steps.make(), MultiTensorOptimizer)


def _concerned(expanded: bool) -> Callable[[Adapter], bool]:
    return (lambda adapter: not FUSED.isdisjoint(adapter.fast)) if expanded else (lambda adapter: True)


class _StepsPart(Part):
    """An optimizer whose Variables each call updates.

    Arguments:
        steps: What is run.
        dtype: Of the variables.
        teacher: The reference before each call, whose state it starts from; None: it goes on from its own.
    """

    calls = CALLS

    def __init__(self, steps: Steps, dtype: str, teacher: list[Reference] | None = None) -> None:
        self.steps, self.dtype, self.teacher = steps, dtype, teacher
        self.variables = [Variable(x.astype(dtype), name=f"x{i}") for i, x in enumerate(steps.begin())]
        self.optimizer = steps.make()
        self.optimizer.build(self.variables)

    def arguments(self, call: int) -> tuple[Any, ...]:
        if self.teacher is None:
            return tuple(g.astype(self.dtype) for g in self.steps.gradients(call))
        teacher = self.teacher[call]
        for variable, value in zip(self.variables, teacher.variables):
            variable.assign(value.astype(self.dtype))
        iteration, *slots = kept(self.optimizer)
        iteration.assign(np.asarray(call, "int32"))
        for slot, (_, _, value) in zip(slots, teacher.state(), strict=True):
            slot.assign(np.asarray(value, slot.dtype.numpy))
        return tuple(g.astype(self.dtype) for g in one_sided(self.steps, call))

    def step(self, *gradients: Any) -> None:
        self.optimizer.apply(gradients, self.variables)

    def results(self, returned: Any) -> list[np.ndarray]:
        return [v.numpy() for v in (*self.variables, *kept(self.optimizer)[1:])]


def kept(optimizer: optimizers.Optimizer) -> list[Variable]:
    """The step counter and what the reference keeps too: without the learning rate."""
    if isinstance(optimizer, optimizers.LossScaleOptimizer):
        own = [optimizer.step_counter, optimizer.dynamic_scale]
        return [optimizer._iterations, *own, optimizer.inner_optimizer._iterations]
    if isinstance(optimizer, optimizers.MultiOptimizer):
        return [optimizer._iterations]
    return [v for v in optimizer.variables if v.name != "learning_rate"]


def one_sided(steps: Steps, call: int) -> list[np.ndarray]:
    """Gradients of one sign, so that means do not cancel, as numbers of float32."""
    return [np.asarray(np.abs(g) + 0.5, np.float32).astype(np.float64) for g in steps.gradients(call)]


@functools.cache
def _trajectory(number: int) -> list[tuple[Reference, Reference]]:
    """The reference before and after each call in float32: from its own state, rounded."""
    kind, _, settings = SETTINGS[number]
    begin = OWN[number].begin()
    reference = reference_of(kind, settings, begin if kind == "Lamb" else [np.zeros_like(x) for x in begin])
    found = []
    for call in range(CALLS):
        before, after = reference.rounded("float32"), reference.rounded("float32")
        gradients = one_sided(OWN[number], call)
        after.step(gradients)
        found.append((before, after))
        reference.step(gradients)
    return found


def _options(expanded: bool) -> Options:
    return Options(disabled=FUSED) if expanded else Options()


@functools.cache
def _long_runs(adapter: Adapter, expanded: bool) -> dict[int, Outcome]:
    chosen = [i for i, steps in enumerate(LONG) if not expanded or _is_fused(steps)]
    with float_type("float64"):
        parts = [functools.partial(_StepsPart, LONG[i], "float64") for i in chosen]
    return dict(zip(chosen, run_together(parts, adapter, _options(expanded), "float64")))


@functools.cache
def _single_steps(adapter: Adapter, expanded: bool) -> dict[int, Outcome]:
    chosen = [i for i, steps in enumerate(OWN) if not expanded or _is_fused(steps)]
    parts = [functools.partial(_StepsPart, OWN[i], "float32", [b for b, _ in _trajectory(i)]) for i in chosen]
    return dict(zip(chosen, run_together(parts, adapter, _options(expanded))))


def runs_like_the_formula(number: int, expanded: bool, adapter: Adapter) -> Iterator[Row]:
    """Compares the variables after the first and the tenth step, and the slots then, with the reference in float64.

    Arguments:
        number: In `LONG`.
        expanded: Whether fused updates are replaced by their bodies.
        adapter: Where.
    """
    steps = LONG[number]
    found, reference = arrays_of(_long_runs(adapter, expanded)[number]), steps.refer(steps.begin())
    for call in range(CALLS):
        reference.step(steps.gradients(call))
        if call not in (0, CALLS - 1):
            continue
        for i, (got, want) in enumerate(zip(found[call], reference.variables)):
            yield Row(f"x{i} after step {call + 1}", _judge_run(got, want), {"gradient": steps.gradients(call)[i]})
        slots = found[call][len(reference.variables) :]
        for got, (i, name, want) in zip(slots, reference.state(), strict=True):
            what = name if i is None else f"{name} of x{i}"
            yield Row(f"{what} after step {call + 1}", _judge_run(got, np.asarray(want)))


def _judge_run(got: np.ndarray, want: np.ndarray) -> Verdict:
    return judge(got, want, dtypes.as_dtype(got.dtype), c=C_RUN, scale=1 + np.abs(want))


def steps_like_the_formula(number: int, expanded: bool, adapter: Adapter) -> Iterator[Row]:
    """Compares each of ten steps in float32, from the reference's state, with the reference.

    Arguments:
        number: In `OWN`.
        expanded: Whether fused updates are replaced by their bodies.
        adapter: Where.
    """
    kind, _, settings = SETTINGS[number]
    condition = CENTERED if settings.get("centered") else MUON if kind == "Muon" else 1.0
    found = arrays_of(_single_steps(adapter, expanded)[number])
    for call, (before, after) in enumerate(_trajectory(number)):
        for i, (got, old, want) in enumerate(zip(found[call], before.variables, after.variables)):
            scale = np.abs(old) + np.abs(want - old) * condition
            operands = {"x": old, "gradient": one_sided(OWN[number], call)[i]}
            yield Row(f"x{i} in step {call + 1}", judge(got, want, dtypes.float32, c=C_STEP, scale=scale), operands)


def keeps_the_documented_meaning(number: int, divergence: Divergence, adapter: Adapter) -> Iterator[Row]:
    """Compares an optimizer with its defaults with the documented meaning, which other meanings must not satisfy.

    Arguments:
        number: In `LONG`.
        divergence: The meanings.
        adapter: Where.
    """
    yield from runs_like_the_formula(number, False, adapter)
    want = _end(divergence, **divergence.documented)
    for what, settings in divergence.others.items():
        verdict = _judge_run(_end(divergence, **{**divergence.documented, **settings}), want)
        yield holds(f"{what} is told apart", not verdict.passed, f"it is within the bound: {verdict.text}")


def _end(divergence: Divergence, **settings: Any) -> np.ndarray:
    """The variable after the last call, by the reference with these settings."""
    rule = settings.get("rule")
    if rule is not None:
        known = rule.__code__.co_varnames[: rule.__code__.co_argcount]
        settings = {k: v for k, v in settings.items() if k in ("rule", *known)}
    steps = divergence.steps()
    reference = Reference(divergence.kind, steps.begin(), 1e-3, **settings)
    for call in range(CALLS):
        reference.step(steps.gradients(call))
    return reference.variables[0]


def makes_its_slots(kind: str, settings: dict[str, Any], adapter: Adapter) -> Iterator[Row]:
    """Compares names, shapes, dtypes and first values of an optimizer's variables, for variables of two dtypes."""
    variables = [
        Variable(x.astype(dtype), name=f"x{i}", path=f"layer/x{i}")
        for i, (x, dtype) in enumerate(zip(OWN[0].begin(), ("float32", "float64", "float32")))
    ]
    optimizer = getattr(optimizers, kind)(learning_rate=RATE, **settings, use_ema=True, gradient_accumulation_steps=2)
    optimizer.build(variables)
    more = {"use_ema": True, "gradient_accumulation_steps": 2}
    reference = reference_of(kind, {**settings, **more}, [v.numpy() for v in variables])
    want: list[tuple[str, tuple[int, ...], str, Any]] = [
        ("iteration", (), "int32", 0),
        ("learning_rate", (), "float32", RATE),
    ]
    for i, name, value in reference.state():
        dtype = "float32" if i is None or (name in "rc" and np.ndim(value) == 0) else str(variables[i].dtype)
        path = name if i is None else f"x{i}" if name in "rc" else f"layer_x{i}_{name}"
        want.append((path, np.shape(value), dtype, value))
    found = optimizer.variables
    yield holds("number of variables", len(found) == len(want), f"{[v.path for v in found]}, expected {want}")
    for variable, (path, shape, dtype, value) in zip(found, want):
        full = f"{optimizer.name}/{path}"
        same = (variable.path, variable.shape, str(variable.dtype)) == (full, shape, dtype)
        text = f"{variable.path} {variable.dtype}{variable.shape}, expected {full} {dtype}{shape}"
        yield holds(path, same and bool(np.all(variable.numpy() == np.asarray(value, dtype))), text)


def _fully_set(kind: str, settings: dict[str, Any]) -> optimizers.Optimizer:
    more = {"clipvalue": 2.0, "use_ema": True, "ema_momentum": 0.5, "loss_scale_factor": 4.0, "name": "mine"}
    schedule = optimizers.schedules.CosineDecay(0.1, 100)
    return getattr(optimizers, kind)(learning_rate=schedule, **{"weight_decay": 0.5, **settings}, **more)


_COMPOSED: dict[str, Callable[[], Any]] = {
    "LossScaleOptimizer": lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.5), 4.0, 7),
    "MultiOptimizer": lambda: optimizers.MultiOptimizer(_COMPOSED["OptimizerMap"](), loss_scale_factor=2.0),
    "OptimizerMap": lambda: optimizers.OptimizerMap(optimizers.SGD(0.5), {".*/bias": optimizers.Adam(0.25)}),
}


def _configuration(make: Callable[[], Any], adapter: Adapter) -> Iterator[Row]:
    return comes_back(make(), optimizers)
