"""Do all backends compute what a person's own model means? Forward, loss, gradients and one step, judged one by one."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multiback import ops, tree
from multiback.backends import registry
from multiback.backends.protocol import Adapter, Executable, Options
from multiback.errors import ArgumentError, MultibackError
from multiback.graph import passes
from multiback.graph.ir import Graph, Value
from multiback.graph.trace import Trace, user_line
from multiback.optimizers import Optimizer
from multiback.testing import step_parts
from multiback.testing.bisection import bisect, run_natively
from multiback.testing.departure import Departure, departure
from multiback.testing.guilty import Guilty
from multiback.testing.model_report import Entry, ModelReport
from multiback.testing.rounding import Spread
from multiback.training.steps import Step


def check(
    model: Any,
    inputs: Any,
    targets: Any = None,
    backends: Sequence[str] | None = None,
    sample_weight: Any = None,
    report: str | os.PathLike[str] | None = None,
    *,
    float64: bool = False,
    every_equation: bool = False,
) -> ModelReport:
    """Compares a model on every backend with its float64 meaning: forward, loss, gradients, one training step.

    A result r of a backend agrees with the float64 reference y when, for the worst element of each array,

        |r - y| <= 16 * s,    s = max over 8 runs of |y* - y|,

    y* being the float64 computation with a random rounding of one unit in every primitive, at the magnitude where that
    primitive rounds. So a well conditioned model is held to a few units in the last place, and an ill conditioned one
    to what its own conditioning allows. The optimizer and the metrics are judged on the gradients and outputs that the
    backend itself computed.

    Arguments:
        model: Built or not, compiled or not. Its weights, optimizer state and backend stay as they are.
        inputs: One batch, as for `fit`.
        targets: Its targets. Without them, unless the model trains without (a `train_step` of its own, `add_loss`),
            only outputs are compared, and their gradients: those of half the sum of the squares of all outputs.
        backends: Names; default: all that are installed.
        sample_weight: Weights of the samples.
        report: A folder for report.json and, for each backend that fails, the inputs of the guilty equation
            (guilty_<backend>.npz) and a script that shows it without multiback (guilty_<backend>.py).
        float64: Compute in float64 on every backend, where rounding is too small to hide a wrong formula.
        every_equation: Judge every equation alone even where all results agree: slower, and sharper where a mistake
            hardly shows in the results, such as in a moving average.

    Returns:
        A report to print; `passed`, `raise_if_failed()`, `to_json()`, `save(folder)`.

    Raises:
        ArgumentError: for targets of a model that is not compiled.
        BackendUnavailable: for a backend that is unknown or not installed.

    Source: the bound is that of Parker 1997, Monte Carlo Arithmetic; see `multiback.testing.rounding`.

    Example:
        >>> print(mb.testing.check(model, x[:8], y[:8]))
        >>> mb.testing.check(model, x[:8], y[:8]).raise_if_failed()
    """
    if targets is not None and not model.compiled:
        raise ArgumentError(
            f"Model {model.name!r} is not compiled, so it has no loss for the targets. "
            "Call model.compile(optimizer, loss), or leave the targets out to compare outputs and their gradients."
        )
    names = list(backends) if backends is not None else registry.available_backends()
    adapters = [registry.get_adapter(name) for name in names]
    batch = model._batch(inputs, targets, sample_weight)
    model._ensure_built_on(batch)
    jit = None if getattr(model, "jit_compile", "auto") in ("auto", None) else bool(model.jit_compile)
    programs = [_Program("forward", _traced(model.predict_step, batch._replace(y=None, sample_weight=None)), float64)]
    training = _training_step(model, batch)
    if training is not None:
        programs.append(_Program("step", training, float64))
    elif model.trainable_variables:
        step = _gradients_of_outputs(model)
        programs.append(_Program("gradients", _traced(step, batch._replace(y=None, sample_weight=None)), float64))
    made_at = user_line()
    found = ModelReport(model.name, "float64" if float64 else model.dtype_policy.name, tuple(names))
    kinds = _kinds(model)
    for adapter in adapters:
        start = time.perf_counter()
        for program in programs:
            arrays = program.arrays(batch)
            try:
                entries = list(program.judge(adapter, Options(jit=jit), arrays, kinds))
            except Exception as error:
                found.errors[adapter.name] = f"{program.name}: {type(error).__name__}: {error}"
                break
            found.entries.extend(entries)
            failed = not all(e.verdict.passed for e in entries)
            if adapter.name in found.guilty or not (failed or every_equation):
                continue
            guilty = _found_guilty(model, program, adapter, Options(jit=jit), arrays, made_at)
            if failed:
                found.departures[adapter.name] = program.departure(adapter, Options(jit=jit), arrays)
            if failed or guilty is not None:
                found.guilty[adapter.name] = guilty
        found.seconds[adapter.name] = time.perf_counter() - start
    if report is not None:
        found.save(report)
    return found


class _Program:
    """One traced function of the model, the parts it is judged by, and what they should give."""

    def __init__(self, name: str, traced: Trace, float64: bool) -> None:
        self.name = name
        self.trace = traced
        self.graph = passes.widen(traced.graph) if float64 else traced.graph
        self.parts = step_parts.parts(self.graph)
        self.observed = step_parts.observed(self.graph)
        self.references: dict[Any, list[Spread]] = {}

    def arrays(self, batch: Any) -> list[np.ndarray]:
        """The arrays for the graph's inputs: the state now, then the batch."""
        leaves = [a for a in tree.leaves(tuple(batch)) if a is not None]
        given = [*(v.numpy() for v in self.trace.variables), *leaves]
        return [np.asarray(a, v.dtype.numpy) for v, a in zip(self.graph.inputs, given)]

    def judge(
        self, adapter: Adapter, options: Options, arrays: Sequence[np.ndarray], kinds: Mapping[Any, str]
    ) -> list[Entry]:
        """Runs on a backend, and judges each part on the arrays that it was given there."""
        executable: Executable = adapter.compile(self.observed, options)
        results = run_natively(executable, arrays)
        values: dict[Any, np.ndarray] = dict(zip(self.graph.inputs, arrays))
        values.update((v, r) for v, r in zip(self.observed.outputs, results) if isinstance(v, Value))
        entries = []
        for part in self.parts:
            spreads = step_parts.references(part, values, self.references)
            for i, (value, spread) in enumerate(zip(part.graph.outputs, spreads)):
                quantity, name = self.label(part, value, i, kinds)  # type: ignore[arg-type]
                verdict = spread.judge(values[value], value.dtype)
                entries.append(Entry(adapter.name, quantity, name, verdict))
        return entries

    def departure(self, adapter: Adapter, options: Options, arrays: Sequence[np.ndarray]) -> Departure | None:
        """Where a run of the whole first leaves its bounds."""
        count = self.graph.state
        return departure(self.graph, adapter, arrays[count:], state=arrays[:count], options=options)

    def label(self, part: step_parts.Part, value: Value, i: int, kinds: Mapping[Any, str]) -> tuple[str, str]:
        """What an output of a part is, and its name."""
        if value in part.gradients:
            return "gradients", part.gradients[value]
        updates = self.graph.outputs[: len(self.graph.updates)]
        if value in updates:
            variable = self.trace.updated[updates.index(value)]
            return kinds.get(variable, "other state"), variable.path
        if part.gradients:
            if i == 0:
                return ("loss", "loss") if self.name == "step" else ("forward", "half the sum of squares")
            return "forward, training" if self.name == "step" else "forward", f"output {i}"
        return ("forward", f"output {i}") if self.name == "forward" else ("logs", f"log {i}")


def _traced(method: Any, batch: Any) -> Trace:
    step = Step(method, method.__name__, registry.get_adapter("numpy"), Options(), False)
    return step.program(batch).trace


def _training_step(model: Any, batch: Any) -> Trace | None:
    """The model's training step on this batch; None for a model that has none, or whose loss lacks its targets."""
    if not model.compiled or (batch.y is None and model.loss is not None):
        return None
    try:
        return _traced(model.train_step, batch)
    except ArgumentError:
        if batch.y is None:
            return None  # compiled with nothing to minimise
        raise


def _gradients_of_outputs(model: Any) -> Any:
    def gradients(data: Any) -> Any:
        def scalar() -> Any:
            outputs = [y for y in tree.leaves(model(data[0], training=False)) if y is not None and y.dtype.is_float]
            squares = [ops.sum(ops.multiply(y, y)) for y in outputs]
            total = squares[0]
            for square in squares[1:]:
                total = ops.add(total, ops.cast(square, total.dtype))
            return ops.multiply(total, 0.5)

        ops.value_and_grad(scalar, variables=model.trainable_variables)()
        return {}

    return gradients


def _kinds(model: Any) -> dict[Any, str]:
    """What each variable is to the model."""
    optimizers = [x for x in vars(model).values() if isinstance(x, Optimizer)]
    kinds = {layer._random_state: "random state" for layer in model._flatten_layers()}
    kinds.update({v: "metrics" for m in model.metrics for v in m.variables})
    kinds.update({v: "optimizer state" for optimizer in optimizers for v in optimizer.variables})
    kinds.update(dict.fromkeys(model.non_trainable_weights, "statistics"))
    kinds.update(dict.fromkeys(model.trainable_variables, "weights after a step"))
    return kinds


def _found_guilty(
    model: Any, program: _Program, adapter: Adapter, options: Options, arrays: Sequence[np.ndarray], made_at: str
) -> Guilty | None:
    graph: Graph = program.graph
    try:
        guilty = bisect(graph, adapter, arrays[graph.state :], state=arrays[: graph.state], options=options)
    except MultibackError:
        return None
    if guilty is None or guilty.line.rpartition(":")[0] != made_at.rpartition(":")[0]:
        return guilty
    return guilty.at(_line_of_layer(model, guilty.layer) or guilty.line)


def _line_of_layer(model: Any, scope: str) -> str:
    """Where the innermost layer of a scope was made."""
    best, line = -1, ""
    for layer in model._flatten_layers(include_self=False):
        for path in (layer.path, f"{model.name}/{layer.path}"):
            if len(path) > best and f"{scope}/".startswith(f"{path}/"):
                best, line = len(path), layer._made_at
    return line
