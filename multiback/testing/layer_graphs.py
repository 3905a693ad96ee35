"""The graphs of the conformance cases of layers.

Two graphs are judged: a training step (outputs, gradients of every weight and float input, new weights and state), and
a forward pass. Those of a family of layers run as one.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from multiback import dtypes, ops, optimizers, tree
from multiback.backends.protocol import Adapter
from multiback.graph.dims import Dim
from multiback.graph.ir import Spec
from multiback.graph.trace import Trace, current_builder, trace
from multiback.testing import named_graphs
from multiback.testing.cases.layers import FAMILIES, LEADING_CASES, LayerCase
from multiback.testing.cases.layers.case import storage
from multiback.testing.named_graphs import NamedGraph, neighbours
from multiback.variables import Variable


@functools.cache
def training_step(case: LayerCase) -> NamedGraph:
    """State after a call, outputs, gradients by weights and float inputs, in float64.

    For the first case of each class the weights are those after a step of SGD; the update itself is alike in all.
    """
    layer = case.built("float64")
    given = _given(case, "float64")
    # Variables, so that they can be differentiated together with the weights.
    floats = {i: Variable(x, name=f"input {i}") for i, x in given["inputs"].items() if x.dtype.kind == "f"}
    given["inputs"] = {i: x for i, x in given["inputs"].items() if i not in floats}
    weights = list(layer.trainable_variables)
    wrt = [*weights, *floats.values()]
    optimizer = optimizers.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
    optimizer.build(weights)

    def loss(given: Any) -> Any:
        builder: Any = current_builder()
        inputs = {**given["inputs"], **{i: builder.read(v) for i, v in floats.items()}}
        outputs = _called(case, layer, inputs, given["masks"])
        return sum(layer.losses, weighted(outputs)), outputs

    def step(given: Any) -> Any:
        if not wrt:
            return loss(given)[1], []
        (_, outputs), gradients = ops.value_and_grad(loss, has_aux=True, variables=wrt)(given)
        if weights and case in LEADING_CASES:
            optimizer.apply(gradients[: len(weights)], weights)
        return outputs, gradients

    traced = trace(step, _specs(given, symbolic=False), name=case.name.lower())
    found = _without_state(traced, "gradient", given)
    known = {f"gradient {i}": f"gradient of {_short(v)}" for i, v in enumerate(wrt)}
    return dataclasses.replace(found, outputs=tuple(known.get(name, name) for name in found.outputs))


@functools.cache
def forward(case: LayerCase, policy: str) -> NamedGraph:
    """State after a call, outputs and penalties, for a dtype or dtype policy; the batch is symbolic."""
    return forward_graph(case, case.built(policy), policy)


def forward_graph(case: LayerCase, layer: Any, policy: str) -> NamedGraph:
    """As `forward`, for a layer that is made already."""
    given = _given(case, storage(policy))

    def call(given: Any) -> Any:
        return _called(case, layer, given["inputs"], given["masks"]), layer.losses

    traced = trace(call, _specs(given, symbolic=True), name=case.name.lower())
    return _without_state(traced, "penalty", given)


def computed(
    case: LayerCase, policy: str, adapter: Adapter, *, step: bool = False, fast: bool = True
) -> list[np.ndarray]:
    """What a backend gives for the training step or the forward pass of a case.

    Arguments:
        case: Of `LAYER_CASES`.
        policy: A dtype or dtype policy.
        adapter: Where it runs.
        step: Whether it is the training step, which is in float64.
        fast: Whether native versions of composites are used.
    """
    return named_graphs.computed(graph_of(case, policy, step), _together(case, policy, step, fast), adapter, fast=fast)


@functools.cache
def _together(case: LayerCase, policy: str, step: bool, fast: bool) -> tuple[NamedGraph, ...]:
    """The graphs of a case and of its neighbours that are checked in the same way."""
    family = next(cases for cases in FAMILIES.values() if case in cases)
    alike = [c for c in family if c.shapes[0][0] == case.shapes[0][0]]
    if not fast or policy.startswith("mixed_"):
        alike = [c for c in alike if c in LEADING_CASES]
    elif policy == "float64":
        alike = [c for c in alike if c.forward_only != step]
    return tuple(graph_of(c, policy, step) for c in neighbours(alike, case))


def graph_of(case: LayerCase, policy: str, step: bool) -> NamedGraph:
    """The training step or the forward pass."""
    return training_step(case) if step else forward(case, policy)


def weighted(outputs: Sequence[Any]) -> Any:
    """A scalar that depends on every element in another way."""
    total: Any = 0.0
    for i, y in enumerate(outputs):
        if y.dtype.is_float:
            total = total + ops.sum(y * ops.cast(element_weights(y.shape, i), y.dtype))
    return total


def element_weights(shape: Sequence[Any], number: int) -> np.ndarray:
    """The factors of `weighted` for output `number`; those of all samples are equal."""
    sizes = shape[1:]
    return np.cos(np.arange(math.prod(sizes), dtype=np.float64) + number).reshape((1, *sizes))


def _given(case: LayerCase, dtype: str) -> dict[str, Any]:
    return {"inputs": dict(enumerate(tree.leaves(case.inputs(dtype)))), "masks": case.given_masks()}


def _called(case: LayerCase, layer: Any, inputs: Mapping[int, Any], masks: Any) -> list[Any]:
    ordered = [inputs[i] for i in range(len(inputs))]
    return list(tree.leaves(case.call(layer, ordered if case.is_list else ordered[0], masks)))


def _specs(given: Any, *, symbolic: bool) -> Any:
    def spec(x: np.ndarray) -> Spec:
        sizes = (Dim.named("batch"), *x.shape[1:]) if symbolic else x.shape
        return Spec(sizes, dtypes.as_dtype(x.dtype))

    return tree.map(spec, given)


def _without_state(traced: Trace, second: str, given: Any) -> NamedGraph:
    """The function returned two lists: outputs, and others that are named after `second`."""
    lists = tree.unflatten(traced.structure, list(range(len(traced.graph.results))))
    results = [f"{name} {i}" for name, found in zip(("output", second), lists) for i in range(len(found))]
    updated = [f"{_short(v)} afterwards" for v in traced.updated]
    inputs = {_short(v): v.numpy() for v in traced.variables}
    inputs |= {f"input {i}": x for i, x in given["inputs"].items()}
    inputs |= {f"mask {i}": x for i, x in enumerate(tree.leaves(given["masks"]))}
    return NamedGraph(traced.graph.replace(state=0, updates=()), inputs, (*updated, *results))


def _short(variable: Any) -> str:
    return variable.path.removeprefix("tested/")
