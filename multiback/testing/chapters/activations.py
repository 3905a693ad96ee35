"""Checks of the activation functions: values and gradients in float32 and float64, and names in configurations."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from multiback import activations, dtypes, layers, ops
from multiback.activations.registry import REGISTRY
from multiback.backends.protocol import Adapter
from multiback.graph.ir import Spec
from multiback.graph.trace import trace
from multiback.testing.cases.activations import ACTIVATIONS, POINTS, ActivationCase
from multiback.testing.judge import judge, unit_roundoff
from multiback.testing.layer_graphs import weighted
from multiback.testing.named_graphs import NamedGraph, computed, expected, neighbours
from multiback.testing.records import Check, Row, holds
from multiback.testing.rounding import SLACK

KIND = "activations"
DTYPES = ("float32", "float64")

FORMULA_BOUND = 16.0
"""Roundings of a formula of a few operations, and of the function's own code."""


def checks() -> Iterator[Check]:
    """All checks of all activation functions."""
    for case in ACTIVATIONS:
        for dtype in DTYPES:
            yield Check(KIND, case.name, case.label, dtype, functools.partial(values_and_gradients, case, dtype))
        label = f"{case.label}/formula" if case.label else "formula"
        yield Check(KIND, case.name, label, "float64", functools.partial(agrees_with_formula, case))
    for name in REGISTRY.canonical.values():
        yield Check(KIND, name, "configuration", "", functools.partial(configuration, name))


def uncovered() -> list[str]:
    """Registered activation functions without a formula."""
    return sorted(set(REGISTRY.canonical.values()) - {case.name for case in ACTIVATIONS})


@functools.cache
def _graph(case: ActivationCase, dtype: str) -> NamedGraph:
    def total(x: Any) -> Any:
        y = activations.get(case.name)(x, **case.arguments)
        return weighted([y]), y

    def call(x: Any) -> Any:
        (_, y), gradient = ops.value_and_grad(total, has_aux=True)(x)
        return y, gradient

    graph = trace(call, Spec(POINTS.shape, dtypes.as_dtype(dtype)), name=case.name).graph
    return NamedGraph(graph, {"x": POINTS.astype(dtype)}, ("value", "gradient"))


def _computed(case: ActivationCase, dtype: str, adapter: Adapter) -> list[np.ndarray]:
    together = tuple(_graph(c, dtype) for c in neighbours(ACTIVATIONS, case))
    return computed(_graph(case, dtype), together, adapter)


def values_and_gradients(case: ActivationCase, dtype: str, adapter: Adapter) -> Iterator[Row]:
    """Compares values, and gradients of a weighted sum of them, with the float64 reference."""
    graph, kind = _graph(case, dtype), dtypes.as_dtype(dtype)
    for what, got, spread in zip(graph.outputs, _computed(case, dtype, adapter), expected(graph)):
        # Each element has its own bound, of one rounding at least: in a few samples roundings may cancel by chance.
        scale = np.maximum(spread.radius / unit_roundoff(kind), np.abs(spread.want))
        yield Row(what, judge(got, spread.want, kind, c=SLACK, scale=scale), graph.inputs)


def agrees_with_formula(case: ActivationCase, adapter: Adapter) -> Iterator[Row]:
    """Compares values with the function's definition, written out in NumPy."""
    got = _computed(case, "float64", adapter)[0]
    with np.errstate(over="ignore"):
        want = case.meaning(POINTS)
    # The formulas cancel at most where terms as large as 1 or the largest element of a row meet.
    scale = np.maximum(np.abs(want), max(float(np.abs(POINTS).max()), 1.0))
    yield Row("value", judge(got, want, dtypes.float64, c=FORMULA_BOUND, scale=scale), {"x": POINTS})


def configuration(name: str, adapter: Adapter) -> Iterator[Row]:
    """The function is found by its names, and a layer that uses it is made again from its configuration."""
    function = REGISTRY.names[name]
    for alias in (n for n, f in REGISTRY.names.items() if f is function):
        yield holds(f"get({alias!r})", activations.get(alias) is function, f"{activations.get(alias)!r}")
    config = json.loads(json.dumps(activations.serialize(function)))
    again = activations.deserialize(config)
    yield holds("deserialize(serialize())", again is function, f"{config!r} gave {again!r}, expected {function!r}")
    layer = json.loads(json.dumps(layers.serialize(layers.Activation(function))))
    made = layers.deserialize(layer)
    yield holds("layer", made.activation is function, f"{layer['config']} gave {made.activation!r}")
