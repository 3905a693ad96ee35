"""Layers run with their gradients: what the tests of this folder compare."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from layer_table import ROWS, Row, fill

import multiback as mb
from multiback import layers, ops, tree
from multiback.backends.compile import Compiled
from multiback.graph.trace import as_host_array


@dataclass
class Result:
    """What one call gave, as NumPy arrays.

    Attributes:
        outputs: Of the call.
        gradients: Of a weighted sum of the outputs by the weights, or by float inputs where there are none.
        state: The non-trainable variables afterwards.
        loss: The weighted sum.
    """

    outputs: list[np.ndarray]
    gradients: list[np.ndarray]
    state: list[np.ndarray]
    loss: float


def made(row: Row, dtype: str = "float64") -> Any:
    """The row's layer, built, with weights that are neither zero nor one."""
    layer = row.make(layers, dtype=dtype)
    row.call(layer, symbolic(row.inputs(dtype)))
    layer.set_weights(fill(layer.get_weights(), [v.name for v in layer.weights]))
    return layer


def symbolic(inputs: Any) -> Any:
    """Symbolic tensors like these arrays, with an unknown batch."""
    return tree.map(lambda x: mb.Input(x.shape[1:], dtype=str(x.dtype)), inputs)


def weighted(outputs: Any) -> Any:
    """A scalar that depends on every element in another way."""
    total = 0.0
    for i, y in enumerate(tree.leaves(outputs)):
        if not str(y.dtype).startswith("float"):
            continue
        sizes = y.shape[1:]
        factors = np.cos(np.arange(int(np.prod(sizes)), dtype=np.float64) + i).reshape((1, *sizes))
        total = total + ops.sum(y * ops.cast(factors, y.dtype))
    return total


def evaluate(row: Row, layer: Any, inputs: Any) -> Result:
    """Outputs, gradients and new state, computed as one graph on the selected backend."""
    variables = layer.trainable_variables
    differentiable = bool(variables) or row.dtype == "float"

    def loss(x: Any) -> Any:
        outputs = row.call(layer, x)
        return weighted(outputs), outputs

    def step(x: Any) -> Any:
        if not differentiable:
            return *loss(x), []
        wrt = {"variables": variables} if variables else {"argnums": 0}
        (total, outputs), gradients = ops.value_and_grad(loss, has_aux=True, **wrt)(x)
        return total, outputs, gradients

    total, outputs, gradients = Compiled(step, layer.name)(inputs)
    arrays = [[as_host_array(x) for x in tree.leaves(t) if x is not None] for t in (outputs, gradients)]
    state = [v.numpy() for v in layer.non_trainable_variables]
    return Result(*arrays, state, float(as_host_array(total)))


@functools.cache
def reference(index: int) -> Result:
    """The row of this index on NumPy in float64."""
    row = ROWS[index]
    with mb.use_backend("numpy"):
        return evaluate(row, made(row), row.inputs("float64"))


def assert_near(got: list[np.ndarray], want: list[np.ndarray], bound: float) -> None:
    """Equal shapes, and no element farther apart than `bound` times the largest of all."""
    assert [x.shape for x in got] == [x.shape for x in want]
    scale = max([1e-3, *(float(np.max(np.abs(b))) for b in want if b.size)])
    for a, b in zip(got, want):
        np.testing.assert_allclose(a, b, rtol=0, atol=bound * scale)
