"""Checks of the layers: results, gradients and state in all precisions, and what a layer says of itself.

A training step is judged in float64, where nothing but a wrong formula is larger than the bound; a forward pass in
float32, and, for one case of each layer that computes sums or functions, in both mixed precisions. The bound of each
result is what rounding alone may do to it: see `multiback.testing.rounding`. Where frameworks are known to differ, the
layer is compared with its formula too.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from multiback import dtypes, layers, tree
from multiback.backends.protocol import Adapter
from multiback.testing.cases.layer_formulas import FORMULAS, STARTS, Formula, Start
from multiback.testing.cases.layers import FAMILIES, LAYER_CASES, LEADING_CASES, LayerCase, symbolic
from multiback.testing.finite_differences import directional_difference
from multiback.testing.judge import Verdict, judge
from multiback.testing.layer_graphs import computed, element_weights, forward, forward_graph, graph_of, training_step
from multiback.testing.named_graphs import NamedGraph, computed_alone, expected
from multiback.testing.records import Check, Row, holds

KIND = "layers"

EXEMPT = frozenset({"InputLayer", "InputSpec", "Layer", "Wrapper"})
"""Bases of layers, and descriptions of inputs: they compute nothing."""

FINITE_DIFFERENCE_BOUND = 1e-6
"""Of sum |g_i d_i|: extrapolated differences agree to 1e-8 where the function is smooth."""

_MIXED = frozenset({"Dense", "EinsumDense", "Embedding", "Softmax", "Dot"}).union(
    case.name for family in ("convolutional", "normalization", "recurrent", "attention") for case in FAMILIES[family]
)


def checks() -> Iterator[Check]:
    """All checks of all layers."""
    for case in LAYER_CASES:
        yield from _checks_of(case)
    for formula in FORMULAS:
        yield _check(formula.case, formula.label, "float64", functools.partial(agrees_with_formula, formula))
    for start in STARTS:
        yield _check(start.case, start.label, "float32", functools.partial(starts_as_documented, start))


def _checks_of(case: LayerCase) -> Iterator[Check]:
    label = case.label
    yield _check(case, label, "float64", functools.partial(compare, case, "float64", step=not case.forward_only))
    yield _check(case, label, "float32", functools.partial(compare, case, "float32"))
    yield _check(case, f"{label}/description", "", functools.partial(describes_itself, case))
    if not case.forward_only:
        differences = functools.partial(finite_differences, case)
        yield _check(case, f"{label}/finite-differences", "float64", differences, concerns=_lacks_autodiff)
    if case not in LEADING_CASES:
        return
    expanded = functools.partial(compare, case, "float64", fast=False)
    concerned = functools.partial(_has_fast, case)
    yield _check(case, label, "float64", expanded, path="expanded", concerns=concerned)
    if case.name in _MIXED:
        for dtype in ("bfloat16", "float16"):
            yield _check(case, f"{label}/mixed", dtype, functools.partial(compare, case, f"mixed_{dtype}"))


def _check(case: LayerCase, label: str, dtype: str, run: Any, **more: Any) -> Check:
    return Check(KIND, case.name, label, dtype, run, **more)


def uncovered() -> list[str]:
    """Layers without a case; or without one in either data format, in and out of training, with a mask."""
    found = []
    for name, kind in _classes().items():
        cases = [c for c in LAYER_CASES if c.name == name]
        if not cases:
            found.append(name)
            continue
        formats = {c.arguments.get("data_format", "channels_last") for c in cases}
        takes = inspect.signature(kind.call).parameters
        if "data_format" in inspect.signature(kind).parameters and len(formats) < 2:
            found.append(f"{name}: both data formats")
        if name in _PASSING_ON:
            continue
        if "training" in takes and {bool(c.training) for c in cases} != {False, True}:
            found.append(f"{name}: training and inference")
        if any(n == "mask" or n.endswith("_mask") for n in takes) and not any(c.masks for c in cases):
            found.append(f"{name}: a mask")
    return found


_PASSING_ON = frozenset({"Lambda"})
"""What they do in training and with masks is their function's affair."""


def _classes() -> dict[str, Any]:
    """The exported classes by their own names."""
    exported = (getattr(layers, name) for name in layers.__all__)
    return {c.__name__: c for c in exported if inspect.isclass(c) and c.__name__ not in EXEMPT}


def _lacks_autodiff(adapter: Adapter) -> bool:
    return not adapter.autodiff


def _has_fast(case: LayerCase, adapter: Adapter) -> bool:
    return not _ops(case).isdisjoint(adapter.fast)


@functools.cache
def _ops(case: LayerCase) -> frozenset[str]:
    # Not from `forward`, whose graph keeps the random keys of the seed that is set when it is traced.
    graph = forward_graph(case, case.built("float64"), "float64").graph
    return frozenset(equation.op.name for equation in graph.walk())


def compare(case: LayerCase, policy: str, adapter: Adapter, *, step: bool = False, fast: bool = True) -> Iterator[Row]:
    """Compares a training step or a forward pass with the float64 reference.

    Arguments:
        case: The layer.
        policy: A dtype or dtype policy.
        adapter: Where it runs.
        step: Whether it is a training step.
        fast: Whether native versions of composites are used.
    """
    graph = graph_of(case, policy, step)
    got = computed(case, policy, adapter, step=step, fast=fast)
    for name, value, result, spread in zip(graph.outputs, graph.graph.outputs, got, expected(graph)):
        yield Row(name, spread.judge(result, value.dtype), graph.inputs)
    shape = got[graph.outputs.index("output 0")].shape
    yield holds("shape", shape == case.output, f"shape {shape}, expected {case.output}")


def describes_itself(case: LayerCase, adapter: Adapter) -> Iterator[Row]:
    """Symbolic calls give the shape and dtype that real ones have; a configuration makes a layer of the same graph."""
    layer = case.make()
    inputs = case.inputs("float32")
    outputs = tree.leaves(case.call(layer, symbolic(inputs), symbolic(case.given_masks())))
    named = case.built("float32")
    traced = forward_graph(case, named, "float32")
    real = traced.graph.outputs[traced.outputs.index("output 0")]
    want = (None, *case.output[1:])
    yield holds("symbolic shape", outputs[0].shape == want, f"{outputs[0].shape}, expected {want}")
    yield holds("symbolic dtype", outputs[0].dtype == real.dtype, f"{outputs[0].dtype}, a call gives {real.dtype}")
    if not case.is_list:
        found = layer.compute_output_shape((None, *case.shapes[0][1:]))
        yield holds("compute_output_shape", tuple(found) == want, f"{found}, expected {want}")
    config = json.loads(json.dumps(layers.serialize(named)))
    again = layers.deserialize(config)
    yield holds("configured class", type(again) is type(layer), f"{type(again)}, expected {type(layer)}")
    second = json.loads(json.dumps(layers.serialize(again)))
    yield holds("configuration", second == config, f"{second}, expected {config}")
    clone = forward_graph(case, again, "float32")
    yield holds("configured graph", _same(clone, traced), f"{clone.graph}, expected {traced.graph}")


def _same(one: NamedGraph, other: NamedGraph) -> bool:
    constants = [list(g.graph.constants.values()) for g in (one, other)]
    return str(one.graph) == str(other.graph) and all(map(np.array_equal, *constants))


def finite_differences(case: LayerCase, adapter: Adapter) -> Iterator[Row]:
    """Compares the gradients along a random direction with central differences of the values."""
    results = dict(zip(training_step(case).outputs, computed(case, "float64", adapter, step=True)))
    gradients = {n.removeprefix("gradient of "): g for n, g in results.items() if n.startswith("gradient of ")}
    if not gradients:
        yield holds("gradients", True, "")
        return
    graph = forward(case, "float64")
    executable = adapter.compile(graph.graph)
    random = np.random.default_rng(3)
    directions = {n: random.uniform(-1.0, 1.0, g.shape) for n, g in gradients.items()}

    def loss(*arrays: np.ndarray) -> float:
        found = dict(zip(graph.outputs, map(adapter.to_numpy, executable(*arrays))))
        penalties = [y for n, y in found.items() if n.startswith("penalty ")]
        outputs = [y for n, y in found.items() if n.startswith("output ")]
        terms = [y * element_weights(y.shape, i) for i, y in enumerate(outputs) if y.dtype.kind == "f"]
        return float(sum(map(np.sum, [*terms, *penalties])))

    along = [directions.get(name) for name in graph.inputs]
    difference, _ = directional_difference(loss, list(graph.inputs.values()), along)
    terms = [gradients[n] * directions[n] for n in gradients]
    got, scale = sum(float(t.sum()) for t in terms), sum(float(np.abs(t).sum()) for t in terms)
    relative = abs(got - difference) / scale if scale else abs(difference)
    text = f"gradient along a direction {got!r}, by differences {difference!r} (relative {relative:.2g})"
    verdict = Verdict(relative <= FINITE_DIFFERENCE_BOUND, relative, text, FINITE_DIFFERENCE_BOUND)
    yield Row("directional derivative", verdict, graph.inputs)


def agrees_with_formula(formula: Formula, adapter: Adapter) -> Iterator[Row]:
    """Compares a forward pass with a formula that is written out in NumPy."""
    graph = forward(formula.case, "float64")
    got = dict(zip(graph.outputs, computed_alone(graph, adapter)))
    spread = dict(zip(graph.outputs, expected(graph)))
    for name, want in formula.meaning(graph.inputs).items():
        yield Row(name, dataclasses.replace(spread[name], want=want).judge(got[name], dtypes.float64), graph.inputs)


def starts_as_documented(start: Start, adapter: Adapter) -> Iterator[Row]:
    """Compares new weights, as they lie on the backend, with the documented ones."""
    layer = start.case.make(dtype="float32")
    layer.build(start.case.shapes[0])
    weights = {v.path.removeprefix("tested/"): v for v in layer.weights}
    for name, want in start.weights().items():
        yield Row(name, judge(adapter.to_numpy(weights[name].native(adapter)), want, dtypes.float32, c=0.0))
