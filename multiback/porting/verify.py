"""Does a port compute what its original does? Forward, gradients, a step, statistics, each within a derived bound.

The original and the port are computed side by side, in float64 where the original can be: there rounding is too small
to hide a wrong formula. An original that computes parts in a lower precision whatever its inputs are says that it
cannot, and is compared in its own precision. Arrays y of the port and z of the original agree when, for the worst
element,

    |y - z| <= 16 * s,    s = max |f(w*, x*) - f(w, x)|

over weights w* and inputs x* that are moved at random by two units of rounding: what rounding alone may do. It is the
bound by which the conformance kit compares native callables.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from multiback import dtypes, ops
from multiback.backends import registry, select
from multiback.backends.protocol import Adapter, Executable, Options
from multiback.graph import passes
from multiback.graph.inline import inline
from multiback.graph.ir import Graph, Literal, Value
from multiback.graph.trace import current_builder, trace
from multiback.porting import structure
from multiback.porting.fault import find_faults
from multiback.porting.forward import ForwardGraph, forward_graph
from multiback.porting.imported import CannotRun, NativeModel
from multiback.porting.outline.preparing import DRAWS
from multiback.porting.report import PortReport, Row
from multiback.testing.judge import Verdict, judge, unit_roundoff

_SAMPLES = 3
_SLACK = 16.0
_RATE = 0.01
_LARGE = 2**26
"""Bytes of weights from which on nothing is copied for the verification: the forward pass alone is compared, in the
model's own precision, and only small weights are moved to see what rounding does."""
_SMALL = 2**20
"""Bytes of a weight that is still moved in a large model."""

Arrays = Sequence[np.ndarray]


def verify(
    model: Any,
    native: NativeModel,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    report: PortReport,
    backends: Sequence[str],
) -> PortReport:
    """Compares a model with the native one that it is a port of; the rows go into `report`.

    Arguments:
        model: Built; weights named as the native model names them.
        native: The other side.
        args, kwargs: What both are called on: trees of NumPy arrays.
        report: To be filled.
        backends: Where the model runs.

    Returns:
        `report`.
    """
    start = time.perf_counter()
    forward = forward_graph(model, training=False)
    training = forward_graph(model, training=True) if _has_training_form(model) else None
    report.operations = dict(Counter(e.op.name for e in forward.graph.equations))
    size = sum(v.size * v.dtype.bits // 8 for v in forward.variables)
    for name in backends:
        adapter = registry.get_adapter(name)
        for float64 in (True, False) if size < _LARGE else (False,):
            side = _Comparison(forward, training, native, adapter, float64, size >= _LARGE)
            try:
                rows = list(side.rows(args, dict(kwargs), report.notes))
            except CannotRun as error:
                _note(report, f"not compared in {'float64' if float64 else 'its own precision'}: {error}")
                continue
            report.rows += rows
            if report.failed and not report.faults:
                report.faults += find_faults(
                    side.forward, native, adapter, side.arrays(args, dict(kwargs)), args, kwargs
                )
            break
    report.verified = bool(report.rows)
    report.seconds["verification"] = time.perf_counter() - start
    return report


def default_backends(framework: str) -> list[str]:
    """Where a port is verified unless asked otherwise: the framework it came from, whose kernels both sides share."""
    installed = registry.available_backends()
    return [framework if framework in installed else select.selected().name]


def _note(report: PortReport, text: str) -> None:
    if text not in report.notes:
        report.notes.append(text)


def _has_training_form(model: Any) -> bool:
    recorded = getattr(model, "recorded", None)
    return recorded is None or True in recorded.forms


@dataclass
class _Comparison:
    """One precision on one backend."""

    forward: ForwardGraph
    training: ForwardGraph | None
    native: NativeModel
    adapter: Adapter
    float64: bool
    large: bool

    def rows(self, args: tuple[Any, ...], kwargs: dict[str, Any], notes: list[str]) -> Iterator[Row]:
        compiled = self._step_graph()
        executable = self.adapter.compile(compiled.graph, Options(jit=None))
        batches = [("forward", (args, kwargs))]
        if other := _another_batch(self.forward, args, kwargs):
            batches.append(("forward, another batch size", other))
        else:
            _add(notes, "one batch size was compared: the original has a fixed one")
        random = _drawn(self.forward.graph)
        drawn = {i for i, x in enumerate(self.forward.graph.results) if x in random}
        if drawn:
            _add(notes, f"{len(drawn)} outputs that depend on random draws, and gradients, were not compared")
        for quantity, (some_args, some_kwargs) in batches:
            wanted, _ = self.native.forward(some_args, some_kwargs, training=False, float64=self.float64)
            found, radius = self._run(executable, self._arrays(self.forward, some_args, some_kwargs))
            outputs = _leaves(wanted, self.forward.results)
            count = compiled.outputs
            if len(outputs) != count:
                text = f"{count} arrays, the original returns {len(outputs)}"
                yield self._row(quantity, "number of outputs", Verdict(False, np.inf, text))
                return
            for i, want in enumerate(outputs):
                if i not in drawn:
                    yield self._row(quantity, compiled.labels[i], _agree(found[i], want, radius[i]))
            if quantity == "forward" and compiled.weights and not drawn:
                yield from self._gradient_rows(compiled, found[count:], radius[count:], args, kwargs, notes)
        if self.large:
            _add(notes, f"only the forward pass was compared: the weights are larger than {_LARGE // 2**20} MiB")
        elif self.training is not None:
            yield from self._training_rows(args, kwargs, notes)

    def _gradient_rows(
        self, compiled: _Step, found: Arrays, radius: Sequence[float], args: Any, kwargs: Any, notes: list[str]
    ) -> Iterator[Row]:
        try:
            wanted = self.native.gradients(args, kwargs, float64=self.float64)
        except CannotRun as error:
            _add(notes, f"gradients were not compared: {error}")
            return
        values = dict(zip(self.forward.names, self.forward.variables))
        for i, name in enumerate(compiled.weights):
            gradient, stepped = found[i], found[len(compiled.weights) + i]
            if name not in wanted:
                _add(notes, f"the original gives no gradient for {name!r}")
                continue
            want = np.asarray(wanted[name])
            yield self._row("gradients", name, _agree(gradient, want, radius[i]))
            if want.shape != gradient.shape:
                continue
            after = np.asarray(values[name].numpy(), gradient.dtype).astype(np.float64) - _RATE * want
            moved = radius[len(compiled.weights) + i]
            yield self._row("weights after an SGD step", name, _agree(stepped, after.astype(stepped.dtype), moved))

    def _training_rows(self, args: Any, kwargs: Any, notes: list[str]) -> Iterator[Row]:
        assert self.training is not None
        form = self.training
        random = _drawn(form.graph)
        updates = form.graph.outputs[: len(form.graph.updates)]
        judged = [n for n, x in zip(form.updated, updates) if x not in random and not n.endswith("random_state")]
        results = [i for i, x in enumerate(form.graph.results) if x not in random]
        if not judged and not results:
            _add(notes, "the training form was not compared: all of it depends on random draws")
            return
        if len(results) < len(form.graph.results):
            _add(notes, "outputs that depend on random draws in training were not compared")
        try:
            outputs, statistics = self.native.forward(args, kwargs, training=True, float64=self.float64)
        except CannotRun as error:
            _add(notes, f"the training form was not compared: {error}")
            return
        executable = self.adapter.compile(self._pure(form.graph), Options(jit=None))
        found, radius = self._run(executable, self._arrays(form, args, kwargs))
        labels = [structure.mark_paths(form.results).get(i) or "output" for i in range(len(form.graph.results))]
        wanted = _leaves(outputs, form.results)
        for i in results:
            at = len(updates) + i
            yield self._row("forward, training", labels[i], _agree(found[at], wanted[i], radius[at]))
        for i, name in enumerate(form.updated):
            if name in judged and name in statistics:
                verdict = _agree(found[i], np.asarray(statistics[name]), radius[i])
                yield self._row("statistics after a training step", name, verdict)
            elif name in judged:
                _add(notes, f"the original does not report {name!r} after a training step")

    def arrays(self, args: Any, kwargs: Any) -> list[np.ndarray]:
        """The arrays for the inputs of the inference graph."""
        return self._arrays(self.forward, args, kwargs)

    def _arrays(self, form: ForwardGraph, args: Any, kwargs: Any) -> list[np.ndarray]:
        graph = self._pure(form.graph)
        given = structure.taken({"tuple": [form.args, form.kwargs]}, (args, dict(kwargs)))
        held = [_host(v) for v in form.variables]
        arrays = [*held, *(np.asarray(given[i]) for i in range(len(form.inputs)))]
        return [np.asarray(a, v.dtype.numpy) for a, v in zip(arrays, graph.inputs)]

    def _pure(self, graph: Graph) -> Graph:
        """The graph in the precision of this comparison, with its state among the arguments."""
        return (passes.widen(graph) if self.float64 else graph).replace(state=0, updates=())

    def _step_graph(self) -> _Step:
        """Outputs, gradients for the trainable weights, and those weights after a step of SGD, as one graph."""
        graph = self._pure(self.forward.graph)
        # What a call changes even outside training comes before its results.
        graph = graph.replace(outputs=graph.outputs[len(self.forward.graph.updates) :])
        chosen = [i for i, v in enumerate(self.forward.variables) if v.trainable and v.dtype.is_float]
        marks = structure.mark_paths(self.forward.results)
        labels = [marks.get(i) or "output" for i in range(len(graph.outputs))]
        differentiable = any(not isinstance(y, Literal) and y.dtype.is_float for y in graph.outputs)
        if self.large or not chosen or not differentiable:
            return _Step(graph, len(graph.outputs), labels, [])

        def step(*inputs: Any) -> Any:
            def half_square(weights: Any) -> Any:
                replaced = list(inputs)
                for i, weight in zip(chosen, weights):
                    replaced[i] = weight
                builder = current_builder()
                assert builder is not None
                outputs = inline(builder, graph, replaced)
                squares = [ops.sum(ops.multiply(y, y)) for y in outputs if y.dtype.is_float]
                total = squares[0]
                for square in squares[1:]:
                    total = ops.add(total, ops.cast(square, total.dtype))
                return ops.multiply(total, 0.5), tuple(outputs)

            weights = [inputs[i] for i in chosen]
            (_, outputs), gradients = ops.value_and_grad(half_square, has_aux=True)(weights)
            stepped = [ops.subtract(w, ops.multiply(g, _RATE)) for w, g in zip(weights, gradients)]
            return (*outputs, *gradients, *stepped)

        traced = trace(step, *(v.spec for v in graph.inputs), name=graph.name)
        names = [self.forward.names[i] for i in chosen]
        return _Step(traced.graph, len(graph.outputs), labels, names)

    def _run(self, executable: Executable, arrays: Arrays) -> tuple[list[np.ndarray], list[float]]:
        """The results, and for each how far rounding alone may move its elements."""
        results = _called(executable, arrays)
        random = np.random.default_rng(0)
        radius = [_one_rounding(y) for y in results]
        for _ in range(_SAMPLES):
            moved = _called(executable, [a if self._stays(a) else _moved(a, random) for a in arrays])
            radius = [max(r, _largest_distance(y, m)) for r, y, m in zip(radius, results, moved)]
        return results, radius

    def _stays(self, array: np.ndarray) -> bool:
        return self.large and array.nbytes > _SMALL

    def _row(self, quantity: str, name: str, verdict: Verdict) -> Row:
        return Row(self.adapter.name, quantity, name, "float64" if self.float64 else "its own", verdict)


@dataclass
class _Step:
    """A compiled step: outputs, then gradients, then weights after the step.

    Attributes:
        graph: Of one call.
        outputs: How many outputs the model has.
        labels: Their names.
        weights: The names of what is differentiated.
    """

    graph: Graph
    outputs: int
    labels: list[str]
    weights: list[str]


def _called(executable: Executable, arrays: Arrays) -> list[np.ndarray]:
    adapter = executable.adapter
    native = [adapter.from_numpy(a, copy=False) for a in arrays]
    return [np.array(adapter.to_numpy(y)) for y in executable.run((), native)[1]]


def _host(variable: Any) -> np.ndarray:
    """The numbers of a Variable, without a copy where it is still on the host."""
    return variable._cell if variable.adapter is None else variable.numpy()


def _moved(x: np.ndarray, random: np.random.Generator) -> np.ndarray:
    if not _rounds(x):
        return x
    signs = (2 * random.integers(0, 2, x.shape, np.int8) - 1).astype(x.dtype)
    return x + x * signs * x.dtype.type(2 * _unit(x))


def _one_rounding(y: np.ndarray) -> float:
    if not _rounds(y):
        return 0.0
    return float(_unit(y) * np.abs(_wide(y[np.isfinite(y)])).max(initial=0.0))


def _largest_distance(y: np.ndarray, moved: np.ndarray) -> float:
    if not _rounds(y):
        return 0.0
    with np.errstate(invalid="ignore"):
        distance = np.abs(_wide(moved) - _wide(y))
    return float(np.nan_to_num(distance, nan=0.0, posinf=0.0).max(initial=0.0))


def _rounds(x: np.ndarray) -> bool:
    """Whether it holds numbers that round: floats, or pairs of them."""
    dtype = dtypes.as_dtype(x.dtype)
    return bool(x.size) and (dtype.is_float or dtype.is_complex)


def _unit(x: np.ndarray) -> float:
    return unit_roundoff(dtypes.real_of(dtypes.as_dtype(x.dtype)))


def _wide(x: np.ndarray) -> np.ndarray:
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)


def _agree(got: np.ndarray, want: Any, radius: float) -> Verdict:
    want = np.asarray(want)
    dtype = dtypes.as_dtype(got.dtype)
    if not dtype.is_float and not dtype.is_complex:
        return judge(got, want.astype(got.dtype) if want.shape == got.shape else want, dtype, c=0.0)
    wide = want.astype(np.complex128 if dtype.is_complex else np.float64)
    return judge(got, wide, dtype, c=_SLACK, scale=radius / unit_roundoff(dtypes.real_of(dtype)))


def _leaves(tree: Any, results: structure.Structure) -> list[np.ndarray]:
    """The arrays of the original's outputs, in the order of the model's: dicts of both may be sorted in other ways."""
    plain = structure.describe(tree, lambda x: hasattr(x, "shape"))[1]
    try:
        found = structure.taken(results, tree)
    except KeyError:
        return plain
    ordered = [found[i] for i in sorted(found)]
    return ordered if len(ordered) == len(plain) and all(hasattr(x, "shape") for x in ordered) else plain


def _add(notes: list[str], text: str) -> None:
    if text not in notes:
        notes.append(text)


def _drawn(graph: Graph) -> set[Value]:
    """The values that depend on random draws."""
    found = {v for v in graph.inputs if (v.name or "").endswith("random_state")}
    for equation in graph.equations:
        if equation.op.name in DRAWS or any(x in found for x in equation.flat_inputs):
            found.update(equation.flat_outputs)
    return found


def _another_batch(form: ForwardGraph, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """The arguments with one more row, other than the given ones; None where the batch is fixed."""
    marks = {"tuple": [form.args, form.kwargs]}
    given = structure.taken(marks, (args, dict(kwargs)))
    arrays, changed = [], False
    for i, value in enumerate(form.graph.arguments):
        array = np.asarray(given[i])
        for axis, size in enumerate(value.shape):
            if getattr(size, "name", None) == "batch":
                rows = np.roll(np.arange(array.shape[axis] + 1) % array.shape[axis], 1)
                array, changed = np.take(array, rows, axis), True
        arrays.append(array)
    return structure.with_arrays(marks, (tuple(args), dict(kwargs)), arrays) if changed else None
