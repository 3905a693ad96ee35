"""What the steps of a model cost here, on each backend and in each way: measured once, remembered, and shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback import tree
from multiback.backends import registry, tuning, tuning_records
from multiback.backends.compile import Program
from multiback.backends.protocol import Adapter, Options
from multiback.dtypes import as_dtype
from multiback.errors import ArgumentError
from multiback.graph.dims import Dim
from multiback.graph.fingerprint import fingerprint
from multiback.graph.ir import Spec
from multiback.graph.trace import trace
from multiback.training.data import Batch, Group
from multiback.training.pace import KEY, numbers_to_try, remember
from multiback.training.steps import Step

_TURNS, _SECONDS, _ROUNDS = 3, 0.1, 10
"""How many turns each way of a step gets, how long it runs in one of them, and how often at most."""


@dataclass(frozen=True)
class Measured:
    """One way to run a step of a model.

    Attributes:
        step: "train_step" or "predict_step".
        backend: The backend's name.
        way: "usual", or "plain" and "jit" where the adapter lets that be chosen; and, for several steps in one call,
            "x 16".
        seconds: The shortest time of one step.
    """

    step: str
    backend: str
    way: str
    seconds: float


@dataclass(frozen=True)
class Tuning:
    """What `model.tune` measured; `str()` is a table, the quickest first.

    Attributes:
        batch_size: Rows of the batch.
        rows: Whole steps.
        ops: For each backend, the entries of its records about single ops: seconds by way.
    """

    batch_size: int
    rows: tuple[Measured, ...]
    ops: dict[str, dict[str, dict[str, float]]]

    def fastest(self, step: str = "train_step") -> Measured:
        """The quickest row about one step.

        Raises:
            ArgumentError: if that step was not measured.
        """
        rows = [row for row in self.rows if row.step == step]
        if not rows:
            known = ", ".join(sorted({row.step for row in self.rows}))
            raise ArgumentError(f"tune() measured no {step!r}; it measured: {known}. Give it y for a train_step.")
        return min(rows, key=lambda row: row.seconds)

    def __str__(self) -> str:
        lines = [f"One step on a batch of {self.batch_size}, milliseconds (the shortest of several):"]
        for step in dict.fromkeys(row.step for row in self.rows):
            rows = sorted((row for row in self.rows if row.step == step), key=lambda row: row.seconds)
            for row in rows:
                ratio = row.seconds / rows[0].seconds
                lines.append(f"  {step:<13} {row.backend:<11} {row.way:<12} {1e3 * row.seconds:10.3f}  {ratio:6.2f}x")
        for backend, entries in self.ops.items():
            lines.append(f"Ops on {backend} that have several ways, milliseconds:")
            for key, seconds in entries.items():
                ways = sorted(seconds.items(), key=lambda item: item[1])
                lines.append(f"  {key}: " + ", ".join(f"{n} {1e3 * s:.3f}" for n, s in ways))
        return "\n".join(lines)


def names_of(model: Any, backends: str | Sequence[str] | None) -> list[str]:
    """The backends that `model.tune` was asked for: its own, one, several, or "all" that are installed but numpy."""
    if backends is None:
        if model._backend != "auto":
            return [model.backend]
        backends = "all"
    if backends == "all":
        installed = registry.available_backends()
        return [n for n in installed if registry.plugins()[n].priority > 0] or installed
    return [backends] if isinstance(backends, str) else list(backends)


def tune(model: Any, batch: Batch, backends: Sequence[str], steps: Sequence[str]) -> Tuning:
    """Measures steps of a model on backends, in every way that their adapters let be chosen; remembers the results.

    Arguments:
        model: Built on the batch if it was not; its state is put back afterwards.
        batch: What the steps run on.
        backends: Names.
        steps: Among "train_step", "test_step", "predict_step".
    """
    backend, state = model._backend, None
    found: dict[tuple[str, str], list[_Candidate]] = {}
    before = {n: tuning_records.of(registry.get_adapter(n)).items() for n in backends}
    try:
        for name in backends:
            model._backend = name
            model._forget_steps()
            model._ensure_built_on(batch)
            state = state or _Snapshot(model)
            for step in steps:
                found[name, step] = _candidates(model, _fed(batch, step), step, registry.get_adapter(name))
        # Several turns, so that a disturbance of the machine does not meet one backend alone.
        for _ in range(_TURNS):
            for (_, step), candidates in found.items():
                _time(_fed(batch, step), candidates)
        for (_, step), candidates in found.items():
            _remember(candidates)
            if step != "predict_step":  # whose outputs are read one by one
                candidates += _together(batch, candidates)
    finally:
        model._backend = backend
        model._forget_steps()
        if state is not None:
            state.put_back()
    ops = {}
    for name in backends:
        entries = tuning_records.of(registry.get_adapter(name)).items()
        ops[name] = {
            k: v for k, v in entries.items() if not k.startswith((tuning.STEP, KEY)) and before[name].get(k) != v
        }
    if len(backends) > 1 and set(backends) == set(names_of(model, "all")):
        for step in steps:
            times = {n: min(c.seconds for c in found[n, step]) for n in backends}
            tuning_records.of_backends([registry.plugins()[n] for n in backends]).put(
                key_of(model, _fed(batch, step), step), times
            )
    rows = tuple(Measured(s, n, c.way, c.seconds) for (n, s), candidates in found.items() for c in candidates)
    return Tuning(tree.leaves(batch.x)[0].shape[0], rows, {k: v for k, v in ops.items() if v})


def _fed(batch: Batch, step: str) -> Batch:
    """What `fit` or `predict` give to this step: predictions see inputs only."""
    return Batch(batch.x) if step == "predict_step" else batch


@dataclass
class _Candidate:
    """One way to run a step, and the shortest time that it took."""

    step: Step
    adapter: Adapter
    way: str
    seconds: float = math.inf


def _candidates(model: Any, batch: Batch, name: str, adapter: Adapter) -> list[_Candidate]:
    """The step compiled in every way that the adapter lets be chosen."""
    made = []
    for jit in adapter.jit_choices or (None,):
        step = Step(getattr(model, name), name, adapter, Options(jit=jit), eager=False)
        with tuning.measuring():
            step.program(batch)
        made.append(_Candidate(step, adapter, tuning.JIT_WAYS[jit]))
    return made


def _time(batch: Batch, candidates: Sequence[_Candidate]) -> None:
    def runner(candidate: _Candidate) -> Callable[[], None]:
        adapter, program = candidate.adapter, candidate.step.program(batch)

        def run() -> None:
            _wait(adapter, program, candidate.step(batch))

        return run

    seconds = tuning.race({c.way: runner(c) for c in candidates}, _SECONDS, _ROUNDS)
    for candidate in candidates:
        candidate.seconds = min(candidate.seconds, seconds[candidate.way])


def _wait(adapter: Adapter, program: Program, results: Any) -> None:
    """Returns when a call of a program has been computed: its results, and the state that it changes."""
    adapter.synchronize(tree.leaves(results))
    if program.trace.updated:
        adapter.synchronize([min(program.trace.updated, key=lambda v: v.size).native(adapter)])


def _remember(candidates: Sequence[_Candidate]) -> None:
    """Puts the times of a step into the records, where there was a choice."""
    if len(candidates) < 2:
        return
    adapter, program = candidates[0].adapter, next(iter(candidates[0].step._programs.values()))
    options = Options(sizes=program.sizes)
    graph = adapter.prepare(program.trace.graph, options)
    tuning_records.of(adapter).put(tuning.step_key(graph, options), {c.way: c.seconds for c in candidates})


def _together(batch: Batch, candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """The quickest way of a step, with several steps in one call; remembered for `steps_per_execution="auto"`."""
    best = min(candidates, key=lambda c: c.seconds)
    step, program = best.step, best.step.program(batch)
    numbers = numbers_to_try(best.seconds, [a for a in tree.leaves(tuple(batch)) if a is not None])
    if not numbers:
        remember(program, {1: best.seconds})
        return []
    most = max(numbers)

    def runner(number: int) -> Callable[[], None]:
        several = tree.map(lambda a: None if a is None else np.stack([a] * number), tuple(batch))
        group = Group(number, Batch(*several)) if number > 1 else Group(1, batch)

        def run() -> None:
            for _ in range(most // number):
                results = step.many(group)
            _wait(best.adapter, program, results)

        return run

    raced = tuning.race({str(n): runner(n) for n in (1, *numbers)}, _TURNS * _SECONDS, _ROUNDS)
    seconds = {int(n): s / most for n, s in raced.items()}
    remember(program, seconds)
    return [_Candidate(step, best.adapter, f"{best.way} x {n}", seconds[n]) for n in numbers]


class _Snapshot:
    """The numbers of a model's state, to be put back; state that came later is set to zero."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.values = [(v, v.numpy()) for v in model._state()]

    def put_back(self) -> None:
        for variable, value in self.values:
            variable.assign(value)
        known = {v for v, _ in self.values}
        for variable in self.model._state():
            if variable not in known:
                variable.assign(0 * variable.numpy())


def key_of(model: Any, batch: Batch, kind: str) -> str:
    """What a choice of backend is remembered under: the graph of the step, not lowered for any, and the batch size."""
    asked = model._backend
    model._backend = names_of(model, "all")[0]
    try:
        model._ensure_built_on(batch)
    finally:
        model._backend = asked
    rows = tree.leaves(batch.x)[0].shape[0]

    def spec(a: Any) -> Any:
        return None if a is None else Spec((Dim.named("batch"), *a.shape[1:]), as_dtype(a.dtype))

    def step(*parts: Any) -> Any:
        results = getattr(model, kind)(parts)
        return dict(results) if isinstance(results, dict) else results

    graph = trace(step, *tree.map(spec, tuple(batch)), name=kind).graph
    return f"{kind} {fingerprint(graph, rows)}"
